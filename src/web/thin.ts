/**
 * Which of many points a picture needs: at most four per bucket (first, lowest, highest, last), so that no peak is
 * lost however many updates there are. Gaps stay gaps.
 * @param y [n]; null where there is no number.
 * @returns indices into y, rising.
 */
export function thin(y: readonly (number | null)[], buckets: number): number[] {
  if (y.length <= 4 * buckets) return [...y.keys()]
  const kept: number[] = []
  for (let bucket = 0; bucket < buckets; bucket++) {
    const first = Math.floor((bucket * y.length) / buckets)
    const last = Math.floor(((bucket + 1) * y.length) / buckets) - 1
    kept.push(...extremes(y, first, last))
  }
  return kept
}

function extremes(y: readonly (number | null)[], first: number, last: number): number[] {
  let low = first
  let high = first
  for (let i = first; i <= last; i++) {
    const value = y[i]
    if (value === null) continue
    if (value < (y[low] ?? Number.POSITIVE_INFINITY)) low = i
    if (value > (y[high] ?? Number.NEGATIVE_INFINITY)) high = i
  }
  return [...new Set([first, low, high, last])].sort((a, b) => a - b)
}
