/**
 * Wrappers of single environments, named and computing as Gymnasium's. A wrapper is an environment; what it remembers
 * is one array of numbers, so that it saves and loads with what it wraps.
 *
 *   registerEnv('Mine-v0', () => new TimeLimit(new FrameStackObservation(new Mine(), 4), 200))
 */
import { UsageError } from '../base/errors.ts'
import type { AnyEnvironment, Environment, ResetResult, StepResult } from './environment.ts'
import { type ActionSpace, type BoxSpace, box } from './spaces.ts'

/** Passes everything on; the wrappers change what they are for. Of a Dict too, though its types speak of a Box. */
export class Wrapper implements Environment {
  readonly observationSpace: BoxSpace
  readonly actionSpace: ActionSpace
  readonly save?: () => Uint8Array
  readonly load?: (state: Uint8Array) => void
  protected readonly env: Environment
  /** All that the wrapper remembers from step to step. */
  protected readonly memory: Float64Array

  constructor(own: AnyEnvironment, memory = 0, observationSpace?: BoxSpace) {
    const env = own as Environment
    this.env = env
    this.memory = new Float64Array(memory)
    this.observationSpace = observationSpace ?? env.observationSpace
    this.actionSpace = env.actionSpace
    if (!env.save || !env.load) return
    this.save = () => Uint8Array.from(Buffer.concat([new Uint8Array(this.memory.buffer), env.save!()]))
    this.load = state => {
      const own = 8 * this.memory.length
      this.memory.set(new Float64Array(state.slice(0, own).buffer))
      env.load!(state.slice(own))
    }
  }

  reset(options?: { seed?: number }): ResetResult {
    return this.env.reset(options)
  }

  step(action: number | ArrayLike<number>): StepResult {
    return this.env.step(action)
  }
}

/** What wrappers of observations take. @throws UsageError for a Dict */
export function boxOf({ observationSpace }: AnyEnvironment, wrapper: string): BoxSpace {
  if (observationSpace.type === 'box') return observationSpace
  throw new UsageError(
    `${wrapper}: takes observations of a Box, not of a Dict; do it inside the environment, to a key`,
  )
}

/** Truncates an episode at `maxEpisodeSteps` steps; `terminated` stays as it is. */
export class TimeLimit extends Wrapper {
  readonly maxEpisodeSteps: number

  constructor(env: AnyEnvironment, maxEpisodeSteps: number) {
    super(env, 1)
    this.maxEpisodeSteps = maxEpisodeSteps
  }

  override reset(options?: { seed?: number }): ResetResult {
    this.memory[0] = 0
    return this.env.reset(options)
  }

  override step(action: number | ArrayLike<number>): StepResult {
    const result = this.env.step(action)
    this.memory[0]++
    return { ...result, truncated: result.truncated || this.memory[0] >= this.maxEpisodeSteps }
  }
}

/** Takes each action `times` times, or until the episode ends; the reward is the sum. */
export class RepeatAction extends Wrapper {
  readonly times: number

  constructor(env: AnyEnvironment, times: number) {
    super(env)
    this.times = times
  }

  override step(action: number | ArrayLike<number>): StepResult {
    let result = this.env.step(action)
    let reward = result.reward
    for (let i = 1; i < this.times && !result.terminated && !result.truncated; i++) {
      result = this.env.step(action)
      reward += result.reward
    }
    return { ...result, reward }
  }
}

/** Observations are the last `count`, the newest at the end; at a start all are the first one. */
export class FrameStackObservation extends Wrapper {
  constructor(env: Environment, count: number) {
    const { shape, low, high } = boxOf(env, 'FrameStackObservation')
    const stacked = (bounds: Float32Array) => Array.from({ length: count }, () => [...bounds]).flat()
    const space = { ...box(stacked(low), stacked(high)), shape: [count, ...shape] }
    super(env, count * low.length, space)
  }

  override reset(options?: { seed?: number }): ResetResult {
    const { observation, info } = this.env.reset(options)
    for (let at = 0; at < this.memory.length; at += observation.length) this.memory.set(observation, at)
    return { observation: Float32Array.from(this.memory), info }
  }

  override step(action: number | ArrayLike<number>): StepResult {
    const result = this.env.step(action)
    const { observation } = result
    this.memory.copyWithin(0, observation.length)
    this.memory.set(observation, this.memory.length - observation.length)
    return { ...result, observation: Float32Array.from(this.memory) }
  }
}

/** Adds `info.episode` to the step that ends one: `r`, the sum of rewards, and `l`, the number of steps. */
export class RecordEpisodeStatistics extends Wrapper {
  constructor(env: AnyEnvironment) {
    super(env, 2)
  }

  override reset(options?: { seed?: number }): ResetResult {
    this.memory.fill(0)
    return this.env.reset(options)
  }

  override step(action: number | ArrayLike<number>): StepResult {
    const result = this.env.step(action)
    this.memory[0] += result.reward
    this.memory[1]++
    if (!result.terminated && !result.truncated) return result
    return { ...result, info: { ...result.info, episode: { r: this.memory[0], l: this.memory[1] } } }
  }
}
