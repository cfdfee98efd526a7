/** One environment of Gymnasium's shape, for hands and tests: `reset({ seed })` gives Gymnasium's own start. */
import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { UsageError } from '../base/errors.ts'
import type { Dynamics } from './dynamics.ts'
import type { AnyEnvironment, Environment, ResetResult, StepResult } from './environment.ts'
import { Pcg64 } from './pcg64.ts'
import { type EnvSpec, kindOf, type OwnKind } from './registry.ts'
import {
  type ActionSpace,
  type Actions,
  actionBuffer,
  type BoxSpace,
  describeActions,
  isAction,
  type Observation,
  rowOf,
} from './spaces.ts'

export interface Env extends Environment, EnvSpec {
  readonly observationSpace: BoxSpace
  readonly actionSpace: ActionSpace
  /** In the order of Gymnasium's own. Every reset and step makes a new array; setting it copies. */
  state: Float64Array
  /** Begins an episode. With a seed as Gymnasium does, without one from where the generator is. */
  reset(options?: { seed?: number }): ResetResult & { observation: Float32Array }
  /** One step; also after an end, as in Gymnasium. A whole number (Discrete) or an array of numbers (Box). */
  step(action: number | ArrayLike<number>): StepResult & { observation: Float32Array }
}

/** An environment by its id, one's own included; an unknown one is a UsageError that names the nearest. */
export function makeEnv(id: string): Env {
  const kind = kindOf(id)
  return 'make' in kind ? new OwnEnv(kind) : new SingleEnv(kind)
}

/** A script's own environment as it is, with observations as everybody's: rows of float32, the caller's to keep. */
class OwnEnv implements Env {
  readonly id: string
  readonly observationSpace: BoxSpace
  readonly actionSpace: ActionSpace
  readonly maxEpisodeSteps = null
  readonly rewardThreshold = null
  readonly #env: AnyEnvironment & { state?: Float64Array }

  constructor({ id, make, observationSpace, actionSpace }: OwnKind) {
    this.id = id
    this.observationSpace = observationSpace
    this.actionSpace = actionSpace
    this.#env = make()
  }

  get state(): Float64Array {
    if (this.#env.state === undefined) throw new UsageError(`${this.id} has no field 'state'`)
    return this.#env.state
  }

  set state(state: Float64Array) {
    this.#env.state = state
  }

  reset(options?: { seed?: number }): ReturnType<Env['reset']> {
    return this.#asRow(this.#env.reset(options))
  }

  step(action: number | ArrayLike<number>): ReturnType<Env['step']> {
    return this.#asRow(this.#env.step(action))
  }

  #asRow<R extends ResetResult<Observation>>(result: R): R & { observation: Float32Array } {
    const row = rowOf(this.#env.observationSpace, result.observation)
    if (!row)
      throw new UsageError(`${this.id} gave an observation that is not of its space; checkEnv() says more`)
    return { ...result, observation: Float32Array.from(row) }
  }
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

  reset(options: { seed?: number } = {}): ReturnType<Env['reset']> {
    const generator = this.#generatorFor(options.seed)
    this.#generator = generator
    this.#state = new Float64Array(this.#dynamics.stateSize)
    const draws = Float64Array.from({ length: this.#dynamics.numDraws }, () => generator.nextDouble())
    this.#dynamics.start(draws, this.#state, 0)
    this.#steps = 0
    this.#hasTerminated = false
    return { observation: this.#observe(), info: {} }
  }

  step(action: number | ArrayLike<number>): ReturnType<Env['step']> {
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
