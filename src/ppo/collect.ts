import type { Acted, Engine } from '../engine/engine.ts'
import type { VectorEnv } from '../env/vectorenv.ts'
import type { Rollout } from './rollout.ts'

/** Where sampling stands: what makes its random numbers differ from step to step and environment to environment. */
export interface Sampler {
  seed: number
  firstEnv: number
  /** Steps that every environment has made since the start of training. */
  step: number
}

/** Samples numSteps from each environment of this rank into `rollout`; `sampler.step` moves on. */
export async function collect(
  rollout: Rollout,
  envs: VectorEnv,
  engine: Engine,
  sampler: Sampler,
): Promise<void> {
  const { numSteps, numEnvs } = rollout
  rollout.episodes.length = 0
  for (let t = 0; t < numSteps; t++) {
    const acted = await engine.act(envs.observations, numEnvs, sampler)
    storeDecision(rollout, t, envs, acted)
    await envs.step(acted.actions)
    storeOutcome(rollout, t, envs, sampler.firstEnv)
    if (envs.truncated.includes(1)) await storeFinalValues(rollout, t, envs, engine)
    sampler.step++
  }
  rollout.lastValues.set((await engine.values(envs.observations, numEnvs)).subarray(0, numEnvs))
}

function storeDecision(rollout: Rollout, t: number, envs: VectorEnv, acted: Acted): void {
  const { numEnvs } = rollout
  const row = t * numEnvs
  rollout.observations.set(acted.observations, t * envs.observations.length)
  rollout.actions.set(acted.actions.subarray(0, numEnvs), row)
  rollout.logProbs.set(acted.logProbs.subarray(0, numEnvs), row)
  rollout.values.set(acted.values.subarray(0, numEnvs), row)
}

function storeOutcome(rollout: Rollout, t: number, envs: VectorEnv, firstEnv: number): void {
  const row = t * rollout.numEnvs
  rollout.rewards.set(envs.rewards, row)
  rollout.terminated.set(envs.terminated, row)
  rollout.truncated.set(envs.truncated, row)
  for (let n = 0; n < rollout.numEnvs; n++) {
    rollout.runningReturns[n] += envs.rewards[n]
    rollout.runningLengths[n]++
    if (!(envs.terminated[n] || envs.truncated[n])) continue
    const [total, length] = [rollout.runningReturns[n], rollout.runningLengths[n]]
    rollout.episodes.push({ t, env: firstEnv + n, return: total, length })
    rollout.runningReturns[n] = 0
    rollout.runningLengths[n] = 0
  }
}

/** A truncated episode goes on behind the curtain: its last step is credited with the value of where it stopped. */
async function storeFinalValues(rollout: Rollout, t: number, envs: VectorEnv, engine: Engine): Promise<void> {
  const values = await engine.values(envs.finalObservations, rollout.numEnvs)
  for (let n = 0; n < rollout.numEnvs; n++)
    if (envs.truncated[n]) rollout.finalValues[t * rollout.numEnvs + n] = values[n]
}
