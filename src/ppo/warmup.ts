import { mergeVectors } from '../base/math/moments.ts'
import { collect, type Sampler } from './collect.ts'
import type { TrainConfig } from './config.ts'
import { Rollout } from './rollout.ts'
import { assertFinite, share } from './share.ts'
import type { Sizes } from './sizes.ts'
import type { TrainState } from './state.ts'
import { Stopwatch } from './stopwatch.ts'
import { count, type Strategy } from './strategy.ts'

/** Steps of each environment; they do not count as steps of training. */
const STEPS = 128

/**
 * Before the first update: environments begin. Where something is normalised, one rollout of fixed length is sampled
 * whose moments are kept and whose rows are not learnt from; environments go on from where it leaves them.
 */
export async function begin(
  config: TrainConfig,
  sizes: Sizes,
  state: TrainState,
  strategy: Strategy,
  sampler: Sampler,
): Promise<void> {
  await sampler.envs.reset()
  if (!config.normalizeObservations && !config.normalizeRewards) return
  const { network } = sampler.engine.layout
  const rollout = new Rollout(STEPS, sampler.envs.numEnvs, network, count(strategy.samples), false)
  await collect(rollout, sampler, { config, step: state.step, rewardScale: null, watch: new Stopwatch() })
  const rowsPerShard = sizes.envsPerShard * STEPS
  const counted = { ...sizes, rowsPerShard }
  const { flaw, observationMoments, rewardMoments } = await share(strategy, rollout, counted, false)
  assertFinite(flaw, 0)
  mergeVectors(state.observationMoments, observationMoments)
  mergeVectors(state.rewardMoments, rewardMoments)
  state.step += STEPS
}
