/** One environment of Gymnasium's shape, for hands and tests: `reset({ seed })` gives Gymnasium's own start. */
import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { UsageError } from '../base/errors.ts'
import type { Dynamics } from './dynamics.ts'
import { Pcg64 } from './pcg64.ts'
import { dynamicsOf } from './registry.ts'
import {
  type ActionSpace,
  type Actions,
  actionBuffer,
  type BoxSpace,
  describeActions,
  isAction,
} from './spaces.ts'

export interface Env {
  readonly id: string
  readonly observationSpace: BoxSpace
  readonly actionSpace: ActionSpace
  /** Steps after which an episode is truncated. */
  readonly maxEpisodeSteps: number
  /** Mean return at which Gymnasium calls it solved; null where it does not. */
  readonly rewardThreshold: number | null
  /** In the order of Gymnasium's own. Every reset and step makes a new array; setting it copies. */
  state: Float64Array
  /** Begins an episode. With a seed as Gymnasium does, without one from where the generator is. */
  reset(options?: { seed?: number }): ResetResult
  /** One step; also after an end, as in Gymnasium. A whole number (Discrete) or an array of numbers (Box). */
  step(action: number | ArrayLike<number>): StepResult
}

export interface ResetResult {
  /** The caller's to keep, [obs]. */
  observation: Float32Array
  info: Record<string, unknown>
}

export interface StepResult extends ResetResult {
  reward: number
  /** The episode reached an end of its own. */
  terminated: boolean
  /** The time limit was reached; both may be true. */
  truncated: boolean
}

/** An environment by its id; an unknown one is a UsageError that names the nearest. */
export function makeEnv(id: string): Env {
  return new SingleEnv(dynamicsOf(id))
}

class SingleEnv implements Env {
  readonly id: string
  readonly observationSpace: BoxSpace
  readonly actionSpace: ActionSpace
  readonly maxEpisodeSteps: number
  readonly rewardThreshold: number | null
  readonly #dynamics: Dynamics
  readonly #action: Actions
  readonly #reward = new Float64Array(1)
  readonly #terminated = new Uint8Array(1)
  #state: Float64Array
  #generator: Pcg64 | undefined
  /** Steps of the running episode; undefined before the first reset. */
  #steps: number | undefined
  #hasTerminated = false

  constructor(dynamics: Dynamics) {
    this.id = dynamics.id
    this.observationSpace = dynamics.observationSpace
    this.actionSpace = dynamics.actionSpace
    this.maxEpisodeSteps = dynamics.maxEpisodeSteps
    this.rewardThreshold = dynamics.rewardThreshold
    this.#dynamics = dynamics
    this.#action = actionBuffer(dynamics.actionSpace, 1)
    this.#state = new Float64Array(dynamics.stateSize)
  }

  get state(): Float64Array {
    return this.#state
  }

  set state(state: Float64Array) {
    const { stateSize } = this.#dynamics
    if (state.length !== stateSize)
      throw new UsageError(`the state of ${this.id} has ${stateSize} numbers, not ${state.length}`)
    this.#state = Float64Array.from(state)
  }

  reset(options: { seed?: number } = {}): ResetResult {
    const generator = this.#generatorFor(options.seed)
    this.#generator = generator
    this.#state = new Float64Array(this.#dynamics.stateSize)
    const draws = Float64Array.from({ length: this.#dynamics.numDraws }, () => generator.nextDouble())
    this.#dynamics.start(draws, this.#state, 0)
    this.#steps = 0
    this.#hasTerminated = false
    return { observation: this.#observe(), info: {} }
  }

  step(action: number | ArrayLike<number>): StepResult {
    if (this.#steps === undefined) throw new UsageError(`call reset() before the first step() of ${this.id}`)
    this.#take(action)
    this.#state = this.#state.slice()
    this.#dynamics.advance(this.#state, 0, 1, this.#action, this.#reward, this.#terminated)
    this.#steps++
    const terminated = this.#terminated[0] === 1
    const reward = this.#rewardOf(terminated)
    if (terminated) this.#hasTerminated = true
    const truncated = this.#steps >= this.maxEpisodeSteps
    return { observation: this.#observe(), reward, terminated, truncated, info: {} }
  }

  /** Actions outside a box are the environment's to judge, as in Gymnasium. */
  #take(action: number | ArrayLike<number>): void {
    if (!isAction(this.actionSpace, action))
      throw new UsageError(
        `an action of ${this.id} is ${describeActions(this.actionSpace)}, not ${inspect(action)}`,
      )
    this.#action.set(typeof action === 'number' ? [action] : action)
  }

  #rewardOf(terminated: boolean): number {
    const again = terminated && this.#hasTerminated
    return (again ? this.#dynamics.rewardBeyondEnd : undefined) ?? this.#reward[0]
  }

  #observe(): Float32Array {
    const observation = new Float32Array(this.observationSpace.low.length)
    this.#dynamics.observe(this.#state, 0, 1, observation)
    return observation
  }

  #generatorFor(seed: number | undefined): Pcg64 {
    if (seed === undefined) return this.#generator ?? new Pcg64(randomBytes(6).readUIntLE(0, 6))
    if (!Number.isSafeInteger(seed) || seed < 0)
      throw new UsageError(`a seed is a whole number 0 .. 2^53 - 1, not ${seed}`)
    return new Pcg64(seed)
  }
}
