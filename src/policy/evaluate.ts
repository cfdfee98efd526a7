import { Purpose } from '../base/math/streams.ts'
import type { Engine } from '../engine/engine.ts'
import { makeVectorEnv } from '../env/registry.ts'

export interface EvaluateOptions {
  /** Default 100. */
  episodes?: number
  /** Start states and, if sampled, actions; default 0. */
  seed?: number
  /** Sample actions instead of taking the most probable; default false. */
  stochastic?: boolean
}

/** Returns are sums of rewards, lengths are steps; stdReturn divides by n. */
export interface Evaluation {
  episodes: number
  meanReturn: number
  stdReturn: number
  minReturn: number
  maxReturn: number
  meanLength: number
}

/**
 * Plays `episodes` episodes, each in an environment of its own so that short ones do not count more often.
 * The same seed gives the same start states, whatever the policy.
 */
export async function play(env: string, engine: Engine, options: EvaluateOptions = {}): Promise<Evaluation> {
  const { episodes = 100, seed = 0, stochastic = false } = options
  const envs = makeVectorEnv(env, episodes, { seed, purpose: Purpose.evaluation, firstEnv: 0 })
  const returns = new Float64Array(episodes)
  const lengths = new Int32Array(episodes)
  const done = new Uint8Array(episodes)
  await envs.reset()
  for (let step = 0; done.includes(0); step++) {
    const { actions } = await engine.act(
      envs.observations,
      episodes,
      stochastic ? { seed, firstEnv: 0, step } : null,
    )
    await envs.step(actions)
    for (let i = 0; i < episodes; i++) {
      if (done[i]) continue
      returns[i] += envs.rewards[i]
      lengths[i]++
      done[i] = envs.terminated[i] | envs.truncated[i]
    }
  }
  return summarise(returns, lengths)
}

function summarise(returns: Float64Array, lengths: Int32Array): Evaluation {
  const n = returns.length
  const meanReturn = returns.reduce((sum, r) => sum + r, 0) / n
  const variance = returns.reduce((sum, r) => sum + (r - meanReturn) * (r - meanReturn), 0) / n
  return {
    episodes: n,
    meanReturn,
    stdReturn: Math.sqrt(variance),
    minReturn: Math.min(...returns),
    maxReturn: Math.max(...returns),
    meanLength: lengths.reduce((sum, l) => sum + l, 0) / n,
  }
}
