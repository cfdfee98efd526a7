import { after, type Eventually } from '../base/eventually.ts'
import { SLOT_BYTES } from '../base/segment.ts'
import { type Algorithm, slice } from './algorithm.ts'
import { copyOf, type TypedArray } from './arrays.ts'
import type { Exchange } from './exchange.ts'
import type { Group } from './group.ts'
import type { HostMemory } from './hostmemory.ts'
import type { Reduce } from './reduce.ts'
import { algorithms, choose } from './table.ts'

/**
 * Two levels: the ranks of a host add up in the memory that they share, the first rank of each host adds that up with
 * the others' over messages, and everybody copies the sum out of memory. Two hosts of three ranks:
 *
 *     0 1 2          3 4 5
 *     └─┼─┘ memory   └─┼─┘
 *       0 ◄──────────► 3      between hosts: direct or ring, by size
 *     ┌─┼─┐          ┌─┼─┐
 *     0 1 2          3 4 5
 *
 * Cost with H hosts: three meetings, 2 S beta and S gamma in memory (shm.ts), and what `direct` or `ring` cost on H
 * ranks. The messages are H's, not N's: four hosts of eight ranks take 6 steps in a ring instead of 62.
 *
 * Messages are sent by one rank per host, so it is there that a long wait is seen.
 */
export class Hierarchical implements Algorithm {
  readonly #memory: HostMemory | undefined
  readonly #leaders: Group

  /**
   * @param memory of this rank's host; undefined where it has no other rank.
   * @param leaders the first rank of each host.
   */
  constructor(memory: HostMemory | undefined, leaders: Group) {
    this.#memory = memory
    this.#leaders = leaders
  }

  async allreduce(x: Exchange, array: TypedArray, reduce: Reduce): Promise<void> {
    // All hosts cut an array into the same parts, also those that have no slots to fill.
    const parts = Math.max(1, Math.ceil(array.byteLength / SLOT_BYTES))
    const length = SLOT_BYTES / array.BYTES_PER_ELEMENT
    for (let k = 0; k < parts; k++) {
      const part = array.subarray(k * length, (k + 1) * length)
      const between = (sum: TypedArray) => this.#between(x, sum, reduce)
      await (this.#memory ? this.#memory.reduceThen(x, k, part, reduce, between) : between(part))
    }
  }

  reduceScatter(x: Exchange, array: TypedArray, reduce: Reduce): Eventually<TypedArray> {
    const whole = copyOf(array)
    return after(this.allreduce(x, whole, reduce), () => copyOf(slice(whole, x.rank, x.size)))
  }

  #between(x: Exchange, sum: TypedArray, reduce: Reduce): Eventually<void> {
    return algorithms[choose(sum.byteLength)].allreduce(x.among(this.#leaders), sum, reduce)
  }
}

/** The first rank of each host, in the order of the hosts. @param nodes host by rank of the job. */
export function leadersOf(nodes: readonly number[], { ranks, rank }: Pick<Group, 'ranks' | 'rank'>): Group {
  const leaderOf = (one: number) => ranks.find(other => nodes[other] === nodes[one])!
  const leaders = ranks.filter(one => leaderOf(one) === one)
  return { id: 0, ranks: leaders, rank: leaders.indexOf(leaderOf(ranks[rank])), localRank: 0, localSize: 1 }
}
