import type { Reduction } from '../base/contract.ts'
import { part } from '../base/math/parts.ts'
import type { Communicator } from '../collective/communicator.ts'

/**
 * What differs between ways of training on N ranks: who samples which shards, and what is exchanged. The loop
 * in ppo.ts knows this interface and nothing of ranks.
 */
export interface Strategy {
  readonly name: string
  /** Shards of the whole job. */
  readonly numShards: number
  /** This rank's: firstShard .. lastShard - 1. */
  readonly firstShard: number
  readonly lastShard: number
  /** Who holds a shard. */
  rankOf(shard: number): number
  /** Once per update: everybody's block, in shard order. */
  share(block: Float64Array): Promise<Float64Array[]>
  /**
   * Numbers for sum() to add up: float64, or float32 on a wire that rounds. Where ranks share memory they lie in it,
   * and nothing is copied. Ask for them once.
   */
  buffer(length: number, reduction: Reduction): Float64Array | Float32Array
  /** Once per minibatch: adds up `message` over all ranks, in place; partial sums of float64 are exact. */
  sum(message: Float64Array | Float32Array, layoutHash: number): Promise<void>
  /** Largest of every element over all ranks, in place. */
  max(values: Float64Array): Promise<void>
  /** Milliseconds spent waiting for other ranks so far. */
  readonly waited: number
}

/** Every rank samples and learns on its own shards; gradients are added up by allreduce. */
export function allreduceStrategy(comm: Communicator, numShards: number): Strategy {
  const ranks = Array.from({ length: comm.size }, (_, rank) => shardsOf(rank, comm.size, numShards))
  const { firstShard, lastShard } = ranks[comm.rank]
  return {
    name: 'allreduce',
    numShards,
    firstShard,
    lastShard,
    rankOf: shard => ranks.findIndex(({ lastShard }) => shard < lastShard),
    buffer: (length, reduction) => comm.buffer(length, reduction === 'exact' ? 'float64' : 'float32'),
    share: block => comm.allgather(block),
    sum: (message, layoutHash) => comm.allreduce(message, 'sum', layoutHash),
    max: values => comm.allreduce(values, 'max'),
    get waited() {
      return comm.elapsed
    },
  }
}

/** Contiguous shards per rank, also when `size` does not divide them (ARCHITECTURE decision 4). */
export function shardsOf(
  rank: number,
  size: number,
  numShards: number,
): { firstShard: number; lastShard: number } {
  const { first, last } = part(numShards, rank, size)
  return { firstShard: first, lastShard: last }
}
