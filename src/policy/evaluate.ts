import { Purpose } from '../base/math/streams.ts'
import type { Engine } from '../engine/engine.ts'
import { makeVectorEnv } from '../env/registry.ts'

export interface EvaluateOptions {
  /** Default: the one that the policy was trained for; another has to have its observations and actions. */
  env?: string
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

/** Episodes `first` .. `first + count - 1` of an evaluation: ranks can share it out. */
export interface Part {
  first: number
  count: number
}

/**
 * Plays episodes, each in an environment of its own so that short ones do not count more often.
 * The same seed gives the same start states, whatever the policy.
 * @returns return and length of each, [count, 2].
 */
export async function play(
  env: string,
  engine: Engine,
  { first, count }: Part,
  { seed = 0, stochastic = false }: EvaluateOptions = {},
): Promise<Float64Array> {
  const envs = makeVectorEnv(env, count, { seed, purpose: Purpose.evaluation, firstEnv: first })
  const played = new Float64Array(2 * count)
  const done = new Uint8Array(count)
  await envs.reset()
  for (let step = 0; done.includes(0); step++) {
    const streams = stochastic ? { seed, firstEnv: first, step } : null
    const { actions } = await engine.act(envs.observations, count, streams)
    await envs.step(actions)
    for (let i = 0; i < count; i++) {
      if (done[i]) continue
      played[2 * i] += envs.rewards[i]
      played[2 * i + 1]++
      done[i] = envs.terminated[i] | envs.truncated[i]
    }
  }
  return played
}

/** Of all episodes, in order: [episodes, 2] in any number of parts. */
export function summarise(parts: Float64Array[]): Evaluation {
  const all = parts.flatMap(part => [...part])
  const returns = all.filter((_, i) => i % 2 === 0)
  const lengths = all.filter((_, i) => i % 2 === 1)
  const meanReturn = mean(returns)
  return {
    episodes: returns.length,
    meanReturn,
    stdReturn: Math.sqrt(mean(returns.map(r => (r - meanReturn) * (r - meanReturn)))),
    minReturn: Math.min(...returns),
    maxReturn: Math.max(...returns),
    meanLength: mean(lengths),
  }
}

const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
