import { type Part, part } from '../base/math/parts.ts'

/** How many shards each rank holds, in the order of ranks. */
export type Cut = readonly number[]

/** What a change has to save of an update's time. */
const WORTH = 0.05

/** As even as can be. */
export function cutOf(numShards: number, size: number): Cut {
  return Array.from({ length: size }, (_, rank) => {
    const { first, last } = part(numShards, rank, size)
    return last - first
  })
}

/** Each rank's shards. */
export function partsOf(cut: Cut): Part[] {
  let last = 0
  return cut.map(count => {
    const first = last
    last += count
    return { first, last }
  })
}

/**
 * The cut with which the slowest rank is done first; null if that is not worth a change. Every rank keeps a shard.
 * @param seconds that each rank has worked on its shards
 */
export function balanced(cut: Cut, seconds: readonly number[]): Cut | null {
  const each = cut.map((count, rank) => seconds[rank] / count)
  const longest = (counts: Cut) => Math.max(...counts.map((count, rank) => count * each[rank]))
  const better = cut.map(() => 1)
  for (let left = cut.reduce((sum, count) => sum + count, 0) - cut.length; left > 0; left--) {
    const after = better.map((count, rank) => (count + 1) * each[rank])
    better[after.indexOf(Math.min(...after))]++
  }
  return longest(better) < (1 - WORTH) * longest(cut) ? better : null
}
