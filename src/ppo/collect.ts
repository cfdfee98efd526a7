import { addVector } from '../base/math/moments.ts'
import type { Acted, ActionStreams, Engine } from '../engine/engine.ts'
import type { VectorEnv } from '../env/vectorenv.ts'
import type { TrainConfig } from './config.ts'
import { normalizedReward } from './normalize.ts'
import type { Flaw, Rollout } from './rollout.ts'
import type { Running } from './running.ts'
import type { Stopwatch } from './stopwatch.ts'

/** Who samples. */
export interface Sampler {
  envs: VectorEnv
  engine: Engine
  running: Running
  /**
   * Where environments and engine share a device: lets them play that many steps there at once. What it gives then
   * answers step by step, as `envs` do.
   */
  ahead?: (numSteps: number, streams: ActionStreams) => Promise<Pick<Engine, 'act' | 'values'>>
  /** Global id of the rank's first environment. */
  firstEnv: number
}

/** With what: the same on all ranks while a rollout is sampled. */
export interface Sampling {
  config: TrainConfig
  /** Steps that every environment has made since the start of training: what makes random numbers differ. */
  step: number
  /** What rewards are multiplied by before they are clipped; null: they stay as they are. */
  rewardScale: number | null
  watch: Stopwatch
}

/** Samples numSteps from each environment of this rank into `rollout`; stops at a number that is not finite. */
export async function collect(rollout: Rollout, sampler: Sampler, sampling: Sampling): Promise<void> {
  const { numSteps, numEnvs } = rollout
  const { envs, firstEnv } = sampler
  const { watch } = sampling
  const { seed, normalizeObservations } = sampling.config
  rollout.clear()
  watch.start('act')
  const played = await sampler.ahead?.(numSteps, { seed, firstEnv, step: sampling.step })
  const engine = played ?? sampler.engine
  for (let t = 0; t < numSteps && !rollout.flaw; t++) {
    const streams: ActionStreams = { seed, firstEnv, step: sampling.step + t }
    watch.start('act')
    const acted = await engine.act(envs.observations, numEnvs, streams)
    watch.start('rollout')
    rollout.flaw = flawIn('observation', envs.observations, t, sampler) ?? flawOf(acted, t, firstEnv)
    if (rollout.flaw) return
    if (normalizeObservations) countObservations(rollout, envs)
    storeDecision(rollout, t, acted)
    watch.start('environment')
    await envs.step(acted.actions)
    watch.start('rollout')
    rollout.flaw = flawIn('reward', envs.rewards, t, sampler)
    storeOutcome(rollout, t, sampler, sampling)
    if (envs.truncated.includes(1)) await storeFinalValues(rollout, t, sampler)
  }
  watch.start('act')
  rollout.lastValues.set((await engine.values(envs.observations, numEnvs)).subarray(0, numEnvs))
  rollout.flaw ??= flawIn('observation', envs.observations, numSteps, sampler)
}

/** The first number of `numbers` [N, ...] that is NaN or infinite. */
function flawIn(
  what: Flaw['what'],
  numbers: Float32Array | Float64Array,
  t: number,
  { envs, firstEnv }: Sampler,
): Flaw | null {
  for (let i = 0; i < numbers.length; i++) {
    if (numbers[i] - numbers[i] === 0) continue
    const row = Math.floor((i * envs.numEnvs) / numbers.length)
    return { what, env: firstEnv + row, t, value: numbers[i] }
  }
  return null
}

/** The policy's own: observations were finite. */
function flawOf({ nonFiniteRow: row, logProbs, values }: Acted, t: number, firstEnv: number): Flaw | null {
  if (row < 0) return null
  return { what: 'log-probability or value', env: firstEnv + row, t, value: logProbs[row] + values[row] }
}

function countObservations(rollout: Rollout, { observations, numEnvs }: VectorEnv): void {
  const size = observations.length / numEnvs
  const perShard = numEnvs / rollout.observationMoments.length
  for (let n = 0; n < numEnvs; n++)
    addVector(rollout.observationMoments[Math.floor(n / perShard)], observations, n * size)
}

function storeDecision(rollout: Rollout, t: number, acted: Acted): void {
  const row = t * rollout.numEnvs
  rollout.observations.set(acted.observations, t * acted.observations.length)
  rollout.actions.set(acted.actions, t * acted.actions.length)
  rollout.logProbs.set(acted.logProbs, row)
  rollout.values.set(acted.values, row)
  rollout.distributions?.set(acted.distributions, t * acted.distributions.length)
}

function storeOutcome(
  rollout: Rollout,
  t: number,
  { envs, running, firstEnv }: Sampler,
  { config, rewardScale }: Sampling,
): void {
  const { numEnvs, rewardMoments } = rollout
  const row = t * numEnvs
  const perShard = numEnvs / rewardMoments.length
  rollout.terminated.set(envs.terminated, row)
  rollout.truncated.set(envs.truncated, row)
  for (let n = 0; n < numEnvs; n++) {
    const reward = envs.rewards[n]
    running.add(n, reward, config.gamma)
    if (config.normalizeRewards) addVector(rewardMoments[Math.floor(n / perShard)], running.discounted, n)
    rollout.rewards[row + n] = rewardScale === null ? reward : normalizedReward(reward, rewardScale)
    if (!(envs.terminated[n] || envs.truncated[n])) continue
    const [total, length] = [running.returns[n], running.lengths[n]]
    rollout.episodes.push({ t, env: firstEnv + n, return: total, length })
    running.end(n)
  }
}

/** A truncated episode goes on behind the curtain: its last step is credited with the value of where it stopped. */
async function storeFinalValues(rollout: Rollout, t: number, sampler: Sampler): Promise<void> {
  const { envs, engine, firstEnv } = sampler
  const values = await engine.values(envs.finalObservations, rollout.numEnvs)
  for (let n = 0; n < rollout.numEnvs; n++) {
    if (!envs.truncated[n]) continue
    rollout.finalValues[t * rollout.numEnvs + n] = values[n]
    if (!Number.isFinite(values[n]))
      rollout.flaw ??= { what: 'value of a final observation', env: firstEnv + n, t, value: values[n] }
  }
}
