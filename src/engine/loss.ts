/**
 * PPO's loss (Schulman et al. 2017, eq. 7 and 9), one row at a time: each term adds to the shard's statistics
 * (base/statistics.ts; the row of `statistics` that begins at `at`) and returns its derivative.
 */
import { exp, expm1 } from '../base/math/elementary.ts'
import { Statistic } from '../base/statistics.ts'

/**
 * -min(ratio A, clip(ratio) A), ratio = exp(logProb - oldLogProb).
 * @returns d / d logProb; 0 where the clip binds, NaN and Infinity passed on
 */
export function policyTerm(
  logProb: number,
  oldLogProb: number,
  advantage: number,
  clipCoef: number,
  statistics: Float64Array,
  at: number,
): number {
  const logRatio = logProb - oldLogProb
  const ratio = exp(logRatio)
  const plain = ratio * advantage
  const clipped = Math.min(Math.max(ratio, 1 - clipCoef), 1 + clipCoef) * advantage
  statistics[at + Statistic.policyLoss] -= Math.min(plain, clipped)
  // Not (ratio - 1) - logRatio, which cancels where the policy has hardly moved.
  statistics[at + Statistic.approxKl] += expm1(logRatio) - logRatio
  if (Math.abs(ratio - 1) > clipCoef) statistics[at + Statistic.clipped]++
  return clipped < plain ? 0 : -plain
}

/**
 * 1/2 (V - target)^2, or with `valueClip` the larger of that and of the old value moved by at most valueClip.
 * @returns d / d V; 0 where the clipped term is the larger: it does not move with V
 */
export function valueTerm(
  value: number,
  oldValue: number,
  target: number,
  valueClip: number | null,
  statistics: Float64Array,
  at: number,
): number {
  const error = value - target
  const move = value - oldValue
  if (valueClip !== null && Math.abs(move) > valueClip) {
    const clippedError = oldValue + (move > 0 ? valueClip : -valueClip) - target
    if (Math.abs(clippedError) > Math.abs(error)) {
      statistics[at + Statistic.valueLoss] += 0.5 * clippedError * clippedError
      return 0
    }
  }
  statistics[at + Statistic.valueLoss] += 0.5 * error * error
  return error
}
