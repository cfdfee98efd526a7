import type { VectorMoments } from '../base/math/moments.ts'
import type { Normalizer } from '../engine/engine.ts'
import type { TrainConfig } from './config.ts'
import type { TrainState } from './state.ts'

/**
 * Observations and rewards brought to one scale by what has been seen so far (Stable-Baselines3's VecNormalize,
 * Gymnasium's wrappers). Frozen while a rollout is sampled, merged once per update over all ranks in shard order:
 * so it is the same function on every rank, for any number of ranks (Brax does it so; the others update it with every step).
 */

/** Added to a variance, under the root. */
const EPSILON = 1e-8

/** Normalised numbers lie within -LIMIT .. LIMIT. */
const LIMIT = 10

/** What observations go through during the next rollout, in the policy that comes of it; null: nothing. */
export function normalizerOf(config: TrainConfig, state: TrainState): Normalizer | null {
  return config.normalizeObservations ? observationNormalizer(state.observationMoments) : null
}

/** What the next rollout's rewards are multiplied by before they are clipped; null: they stay as they are. */
export function rewardScaleOf(config: TrainConfig, state: TrainState): number | null {
  return config.normalizeRewards ? rewardScale(state.rewardMoments) : null
}

/** Biased variance (over n), as the wrappers take it; of no rows: mean 0, variance 1. */
export function observationNormalizer(moments: VectorMoments, clip: number = LIMIT): Normalizer {
  return { mean: moments.mean.slice(), scale: moments.m2.map(m2 => scaleOf(m2, moments.count)), clip }
}

const scaleOf = (m2: number, count: number): number => 1 / Math.sqrt((count > 0 ? m2 / count : 1) + EPSILON)

/** Writes the normalised rows; `observations` and `out` [n, obs]. */
export function normalizeRows(
  { mean, scale, clip }: Normalizer,
  observations: Float32Array | Float64Array,
  out: Float32Array | Float64Array,
): void {
  const size = mean.length
  for (let i = 0; i < out.length; i++) {
    const k = i % size
    out[i] = clipped((observations[i] - mean[k]) * scale[k], clip)
  }
}

/**
 * Rewards divided by the deviation of discounted returns R = gamma R + r, one per environment, 0 after an end. The
 * mean stays: it is what the policy is to raise.
 */
export function rewardScale(moments: VectorMoments): number {
  return scaleOf(moments.m2[0], moments.count)
}

export const normalizedReward = (reward: number, scale: number, clip: number = LIMIT): number =>
  clipped(reward * scale, clip)

const clipped = (x: number, clip: number): number => Math.min(Math.max(x, -clip), clip)
