/**
 * PPO's loss (Schulman et al. 2017, eq. 7 and 9), one row at a time: each term adds to the shard's statistics
 * (base/statistics.ts) and returns its derivative.
 */
import { exp, expm1 } from '../../base/math/elementary.ts'
import { Statistic } from '../../base/statistics.ts'
import type { Loss } from '../engine.ts'

/**
 * -min(ratio A, clip(ratio) A), ratio = exp(logProb - oldLogProb).
 * @returns d / d logProb; 0 where the clip binds, NaN and Infinity passed on
 */
export function policyTerm(
  logProb: number,
  oldLogProb: number,
  advantage: number,
  { clipCoef }: Loss,
  statistics: Float64Array,
): number {
  const logRatio = logProb - oldLogProb
  const ratio = exp(logRatio)
  const plain = ratio * advantage
  const clipped = Math.min(Math.max(ratio, 1 - clipCoef), 1 + clipCoef) * advantage
  statistics[Statistic.policyLoss] -= Math.min(plain, clipped)
  // Not (ratio - 1) - logRatio, which cancels where the policy has hardly moved.
  statistics[Statistic.approxKl] += expm1(logRatio) - logRatio
  if (Math.abs(ratio - 1) > clipCoef) statistics[Statistic.clipped]++
  return clipped < plain ? 0 : -plain
}

/**
 * The loss of V - target, clipped as `loss` says.
 * @returns d / d V; 0 where the moved value counts: it does not move with V
 */
export function valueTerm(
  value: number,
  oldValue: number,
  target: number,
  loss: Loss,
  statistics: Float64Array,
): number {
  const { valueClip, valueClipMode, huberDelta } = loss
  const error = value - target
  const plain = huber(error, huberDelta)
  const move = value - oldValue
  if (Math.abs(move) > valueClip) {
    const clipped = huber(oldValue + (move > 0 ? valueClip : -valueClip) - target, huberDelta)
    if (valueClipMode === 'replace' || clipped > plain) {
      statistics[Statistic.valueLoss] += clipped
      return 0
    }
  }
  statistics[Statistic.valueLoss] += plain
  return Math.min(Math.max(error, -huberDelta), huberDelta)
}

function huber(error: number, delta: number): number {
  const size = Math.abs(error)
  return size > delta ? delta * (size - 0.5 * delta) : 0.5 * error * error
}
