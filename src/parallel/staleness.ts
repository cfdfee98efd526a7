import type { Metrics } from '../log/logger.ts'

/**
 * What metrics.jsonl says of how old that was what has been learnt from since the last time.
 * @param ages of each piece, counted as the policy's versions are; @param dropped pieces that were too old, so far
 */
export function stalenessFigures(ages: readonly number[], dropped: number): Metrics {
  const histogram = new Map<number, number>()
  for (const age of ages) histogram.set(age, (histogram.get(age) ?? 0) + 1)
  return {
    'staleness/mean': ages.length === 0 ? null : ages.reduce((sum, age) => sum + age, 0) / ages.length,
    'staleness/max': ages.length === 0 ? null : Math.max(...ages),
    'staleness/dropped': dropped,
    ...Object.fromEntries([...histogram].map(([age, pieces]) => [`staleness/of_${age}`, pieces])),
  }
}
