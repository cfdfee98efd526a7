import { type Part, part } from '../base/math/parts.ts'
import type { Communicator } from '../collective/communicator.ts'
import { makeOptimizer } from '../engine/select.ts'
import type { Message, Strategy } from '../ppo/strategy.ts'
import { Flow } from './flow.ts'
import { ServedOptimizer } from './servers/served.ts'
import { cutLayout, type Slice, slicesOf } from './servers/slices.ts'
import type { Setting, Way } from './way.ts'

/**
 * A parameter server, synchronous (Li et al. 2014, with no lag): ranks 0 .. K-1 hold a slice of the vector each and
 * move it; the others sample and learn, send each slice of their gradients to its server and get it back moved.
 */
export function server({ config, sizes, comm, engine }: Setting): Way {
  const { numShards } = sizes
  const { servers } = config
  const workers = comm.size - servers
  const holds = (rank: number): Part =>
    rank < servers ? { first: 0, last: 0 } : part(numShards, rank - servers, workers)
  const own = holds(comm.rank)
  const slices = slicesOf(engine.layout.size, servers)
  const push = new Flow()
  const pull = new Flow()
  const inner =
    comm.rank < servers
      ? makeOptimizer({ name: engine.name, layout: cutLayout(engine.layout, slices[comm.rank]) })
      : null
  const optimizer = new ServedOptimizer(comm, slices, inner, pull)

  const strategy: Strategy = {
    name: 'server',
    numShards,
    samples: own,
    learns: own,
    rankOf: shard =>
      Array.from({ length: comm.size }, (_, rank) => holds(rank)).findIndex(({ last }) => shard < last),
    share: block => comm.allgather(block),
    deliver: rollout => rollout,
    buffer: (length, reduction) => new (reduction === 'exact' ? Float64Array : Float32Array)(length),
    sum: message =>
      push.time(() =>
        inner
          ? addUp(comm, message, engine.layout.size, slices, push)
          : handIn(comm, message, engine.layout.size, slices, push),
      ),
    agree: () => {},
    take: () => {},
    complete: async state => ({ ...state, adam: await optimizer.complete() }),
    max: values => comm.allreduce(values, 'max'),
    waited: () => comm.elapsed,
    traffic: () => ({ push: push.total, pull: pull.total }),
  }
  return { strategy, engine, optimizer }
}

/** A worker's part: to each server its slice and what is said of every shard; back comes that of all shards. */
async function handIn(
  comm: Communicator,
  message: Message,
  size: number,
  slices: readonly Slice[],
  flow: Flow,
): Promise<void> {
  const slots = message.subarray(size)
  for (const [server, { first, last }] of slices.entries()) {
    const part = message.slice(0, last - first + slots.length)
    part.set(message.subarray(first, last))
    part.set(slots, last - first)
    await comm.send(part, server)
    flow.bytes += part.byteLength
  }
  await comm.recv(slots, 0)
}

/** A server's: afterwards its slice of the gradient holds the sum, and what is said of the shards is complete. */
async function addUp(
  comm: Communicator,
  message: Message,
  size: number,
  slices: readonly Slice[],
  flow: Flow,
): Promise<void> {
  const { first, last } = slices[comm.rank]
  const [slice, slots] = [message.subarray(first, last), message.subarray(size)]
  const part = message.slice(0, slice.length + slots.length)
  slice.fill(0)
  slots.fill(0)
  for (let worker = slices.length; worker < comm.size; worker++) {
    await comm.recv(part, worker)
    for (let i = 0; i < slice.length; i++) slice[i] += part[i]
    for (let i = 0; i < slots.length; i++) slots[i] += part[slice.length + i]
    flow.bytes += part.byteLength
  }
  if (comm.rank > 0) return
  for (let worker = slices.length; worker < comm.size; worker++) await comm.send(slots, worker)
}
