import { PporunError, UsageError } from '../base/errors.ts'
import { uniform } from '../base/math/streams.ts'
import type { AnyEnvironment, StepResult } from './environment.ts'
import { Rows } from './rows.ts'
import {
  type Actions,
  clipActions,
  type Observation,
  type ObservationSpace,
  rowOf,
  rowSpace,
} from './spaces.ts'
import type { EnvStreams, VectorEnv } from './vectorenv.ts'

/** Numbers of a row that are saved beside its observation: episodes begun. */
const HEADER = 1

/**
 * Environments that are objects, one per row, stepped in turn, with same-step autoreset. Every episode begins with
 * `reset({ seed })`, a seed of (seed, purpose, global environment id, episode): a row depends on nothing else.
 */
export class ObjectBatch extends Rows implements VectorEnv {
  readonly save?: () => Uint8Array
  readonly load?: (saved: Uint8Array) => void

  readonly #id: string
  readonly #space: ObservationSpace
  readonly #envs: AnyEnvironment[]
  readonly #episodes: Float64Array // [N], begun so far
  readonly #streams: EnvStreams

  /** @param like an environment that tells the spaces, as there may be no row. */
  constructor(
    id: string,
    make: () => AnyEnvironment,
    like: AnyEnvironment,
    numEnvs: number,
    streams: EnvStreams,
  ) {
    super({ observationSpace: rowSpace(like.observationSpace), actionSpace: like.actionSpace }, numEnvs)
    this.#space = like.observationSpace
    this.#id = id
    this.#envs = Array.from({ length: numEnvs }, make)
    this.#episodes = new Float64Array(numEnvs)
    this.#streams = { ...streams }
    if (like.save && like.load) {
      this.save = () => this.#save()
      this.load = saved => this.#load(saved)
    }
  }

  reset(): void {
    for (let i = 0; i < this.numEnvs; i++) this.#begin(i)
  }

  step(actions: Actions): void {
    for (const [i, env] of this.#envs.entries()) {
      const { observation, reward, terminated, truncated } = this.#stepOne(env, i, actions)
      this.rewards[i] = reward
      this.terminated[i] = terminated ? 1 : 0
      this.truncated[i] = truncated ? 1 : 0
      const isOver = terminated || truncated
      this.#write(isOver ? this.finalObservations : this.observations, i, observation)
      if (isOver) this.#begin(i)
    }
  }

  #stepOne(env: AnyEnvironment, row: number, actions: Actions): StepResult<Observation> {
    if (this.actionSpace.type === 'discrete') return env.step(actions[row])
    const size = this.actionSpace.low.length
    const inside = new Float32Array(size) // the environment's to keep
    clipActions(this.actionSpace, actions.subarray(row * size, (row + 1) * size), inside)
    return env.step(inside)
  }

  #begin(row: number): void {
    const { seed, purpose, firstEnv } = this.#streams
    const draw = uniform(seed, purpose, firstEnv + row, this.#episodes[row], 0)
    const start = this.#envs[row].reset({ seed: Math.floor(draw * Number.MAX_SAFE_INTEGER) })
    this.#write(this.observations, row, start.observation)
    this.#episodes[row]++
  }

  #write(rows: Float32Array, row: number, observation: Observation): void {
    const numbers = rowOf(this.#space, observation)
    const size = this.observationSpace.low.length
    if (!numbers) {
      const what =
        this.#space.type === 'dict'
          ? 'with other keys or sizes than its space'
          : `of ${observation?.length} numbers where its space has ${size}`
      throw new UsageError(`${this.#id} gave an observation ${what}; checkEnv() says more`)
    }
    rows.set(numbers, row * size)
  }

  /** One row after the other: [episodes, observation] in float64, then the bytes of the environment's own. */
  #save(): Uint8Array {
    const size = this.observationSpace.low.length
    const rows = this.#envs.map((env, i) => {
      const observation = this.observations.subarray(i * size, (i + 1) * size)
      const header = Float64Array.of(this.#episodes[i], ...observation)
      return Buffer.concat([new Uint8Array(header.buffer), env.save!()])
    })
    if (rows.some(row => row.length !== rows[0].length))
      throw new UsageError(`save() of ${this.#id} must give equally many bytes every time`)
    return Uint8Array.from(Buffer.concat(rows))
  }

  #load(saved: Uint8Array): void {
    const size = this.observationSpace.low.length
    const rowBytes = saved.length / this.numEnvs
    const headerBytes = 8 * (HEADER + size)
    if (this.numEnvs > 0 && !(Number.isInteger(rowBytes) && rowBytes >= headerBytes))
      throw new PporunError(
        `${saved.length} bytes are no saved state of ${this.numEnvs} ${this.#id} environments`,
      )
    for (const [i, env] of this.#envs.entries()) {
      const row = saved.slice(i * rowBytes, (i + 1) * rowBytes)
      const header = new Float64Array(row.buffer, 0, HEADER + size)
      this.#episodes[i] = header[0]
      this.observations.set(header.subarray(HEADER), i * size)
      env.load!(row.slice(headerBytes))
    }
  }
}
