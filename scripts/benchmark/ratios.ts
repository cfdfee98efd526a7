/** Of sorted ratios: the median, and the interval between two order statistics that holds the true one in 95 % of all cases (a sign test's). */
export interface Spread {
  median: number
  low: number
  high: number
  /** False: they are too few for 95 %, and these are the first and the last. */
  isSure: boolean
}

export function spreadOf(ratios: readonly number[]): Spread {
  const sorted = [...ratios].sort((a, b) => a - b)
  const n = sorted.length
  let outside = 2 * 0.5 ** n
  let k = 0
  for (let term = outside * n; outside + term <= 0.05; term = (term * (n - k)) / (k + 1)) {
    outside += term
    k++
  }
  const median = (sorted[(n - 1) >> 1] + sorted[n >> 1]) / 2
  return { median, low: sorted[k], high: sorted[n - 1 - k], isSure: outside <= 0.05 }
}

/** More or less than as fast: `-1.25 %`. */
export const percent = (ratio: number): string => `${((ratio - 1) * 100).toFixed(2)} %`
