import type { Reduction } from '../base/contract.ts'
import type { Communicator } from '../collective/communicator.ts'
import { makeOptimizer } from '../engine/select.ts'
import type { Message, Strategy } from '../ppo/strategy.ts'
import { type Cut, cutOf, partsOf } from './cut.ts'
import type { Setting, Way } from './way.ts'

/** Every rank samples and learns on its own shards; gradients are added up by allreduce. */
export function allreduce({ sizes, comm, engine, cut }: Setting): Way {
  return { strategy: everybody(comm, sizes.numShards, cut), engine, optimizer: makeOptimizer(engine) }
}

/** All that ranks of one kind do together; other ways build on it. */
export function everybody(comm: Communicator, numShards: number, cut?: Cut | null): Strategy {
  const ranks = partsOf(cut ?? cutOf(numShards, comm.size))
  const own = ranks[comm.rank]
  let bytes = 0
  return {
    name: 'allreduce',
    numShards,
    samples: own,
    learns: own,
    rankOf: shard => ranks.findIndex(({ last }) => shard < last),
    share: block => comm.allgather(block),
    deliver: rollout => rollout,
    buffer: (length, reduction) => bufferOf(comm, length, reduction),
    sum: (message, layoutHash) => {
      bytes += allreduceBytes(message, comm.size)
      return comm.allreduce(message, 'sum', layoutHash)
    },
    agree: () => {},
    take: () => {},
    complete: state => state,
    max: values => comm.allreduce(values, 'max'),
    waited: () => comm.elapsed,
    traffic: () => ({ allreduce: { bytes } }),
  }
}

/** Shards that are spread anew (--rebalance) sum in the same array: what lies in shared memory is never given back. */
const buffers = new WeakMap<Communicator, { message: Message; reduction: Reduction }>()

function bufferOf(comm: Communicator, length: number, reduction: Reduction): Message {
  const before = buffers.get(comm)
  if (before?.message.length === length && before.reduction === reduction) return before.message
  const message = comm.buffer(length, reduction === 'exact' ? 'float64' : 'float32')
  buffers.set(comm, { message, reduction })
  return message
}

/** Whether any rank of these asks to stop: the same answer on all. */
export async function anyAsks(comm: Communicator, asks: boolean): Promise<boolean> {
  const asking = Int32Array.of(asks ? 1 : 0)
  await comm.allreduce(asking, 'max')
  return asking[0] === 1
}

/** Through each rank, in and out, by `ring` or `direct`; as much work is done where ranks share memory. */
export function allreduceBytes({ byteLength }: Pick<Message, 'byteLength'>, size: number): number {
  return (4 * (size - 1) * byteLength) / size
}
