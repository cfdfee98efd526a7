import { PporunError } from '../base/errors.ts'
import { BLOCK } from '../base/math/angles.ts'
import { uniforms } from '../base/math/streams.ts'
import type { Dynamics } from './dynamics.ts'
import { Rows } from './rows.ts'
import { type Actions, clipActions } from './spaces.ts'
import type { EnvStreams, VectorEnv } from './vectorenv.ts'

/**
 * Rows of one environment, stepped together, with its time limit and same-step autoreset. A row depends on its
 * global id, the seed and its actions only: not on N, nor on which rank holds it.
 */
export class DynamicsBatch extends Rows implements VectorEnv {
  readonly #dynamics: Dynamics
  readonly #state: Float64Array // [N, state]
  readonly #clipped: Float32Array // [N, A], of a box
  readonly #steps: Float64Array // [N], of the running episode
  readonly #episodes: Float64Array // [N], begun so far
  readonly #streams: EnvStreams
  readonly #draws: Float64Array // of one start

  constructor(dynamics: Dynamics, numEnvs: number, streams: EnvStreams) {
    super(dynamics, numEnvs)
    this.#dynamics = dynamics
    this.#state = new Float64Array(numEnvs * dynamics.stateSize)
    this.#clipped = new Float32Array(
      dynamics.actionSpace.type === 'box' ? numEnvs * dynamics.actionSpace.low.length : 0,
    )
    this.#steps = new Float64Array(numEnvs)
    this.#episodes = new Float64Array(numEnvs)
    this.#streams = { ...streams }
    this.#draws = new Float64Array(dynamics.numDraws)
  }

  /** Begins a new episode in every row. */
  reset(): void {
    for (let i = 0; i < this.numEnvs; i++) this.#begin(i)
  }

  step(actions: Actions): void {
    const dynamics = this.#dynamics
    const taken = this.#inside(actions)
    for (let first = 0; first < this.numEnvs; first += BLOCK) {
      const last = Math.min(first + BLOCK, this.numEnvs)
      dynamics.advance(this.#state, first, last, taken, this.rewards, this.terminated)
      dynamics.observe(this.#state, first, last, this.observations)
    }
    for (let i = 0; i < this.numEnvs; i++) {
      this.#steps[i]++
      // Both flags may be set: then the episode terminated, and nothing is bootstrapped.
      this.truncated[i] = this.#steps[i] >= dynamics.maxEpisodeSteps ? 1 : 0
      if (this.terminated[i] | this.truncated[i]) this.#beginAgain(i)
    }
  }

  /**
   * One row after the other, each [state, steps, episodes] in float64: the bytes of consecutive batches joined
   * are those of one large batch.
   */
  save(): Uint8Array {
    const size = this.#dynamics.stateSize
    const rows = new Float64Array(this.numEnvs * (size + 2))
    for (let i = 0; i < this.numEnvs; i++) {
      const at = i * (size + 2)
      rows.set(this.#state.subarray(i * size, (i + 1) * size), at)
      rows[at + size] = this.#steps[i]
      rows[at + size + 1] = this.#episodes[i]
    }
    return new Uint8Array(rows.buffer)
  }

  /** Continues where `save` was called, observations included; a wrong length is a PporunError. */
  load(saved: Uint8Array): void {
    const size = this.#dynamics.stateSize
    const rows = savedRows(this.#dynamics, this.numEnvs, saved)
    for (let i = 0; i < this.numEnvs; i++) {
      const at = i * (size + 2)
      this.#state.set(rows.subarray(at, at + size), i * size)
      this.#steps[i] = rows[at + size]
      this.#episodes[i] = rows[at + size + 1]
      this.#dynamics.observe(this.#state, i, i + 1, this.observations)
    }
  }

  #inside(actions: Actions): Actions {
    if (this.actionSpace.type === 'discrete') return actions
    clipActions(this.actionSpace, actions, this.#clipped)
    return this.#clipped
  }

  #beginAgain(row: number): void {
    const size = this.observations.length / this.numEnvs
    for (let k = row * size; k < (row + 1) * size; k++) this.finalObservations[k] = this.observations[k]
    this.#begin(row)
  }

  #begin(row: number): void {
    const { seed, purpose, firstEnv } = this.#streams
    uniforms(this.#draws, seed, purpose, firstEnv + row, this.#episodes[row])
    this.#dynamics.start(this.#draws, this.#state, row)
    this.#dynamics.observe(this.#state, row, row + 1, this.observations)
    this.#steps[row] = 0
    this.#episodes[row]++
  }
}

/** What `save` has written, [N, state + 2]; a wrong length is a PporunError. */
export function savedRows({ id, stateSize }: Dynamics, numEnvs: number, saved: Uint8Array): Float64Array {
  const expected = 8 * numEnvs * (stateSize + 2)
  if (saved.length !== expected)
    throw new PporunError(
      `the saved state of ${numEnvs} ${id} environments has ${expected} bytes, not ${saved.length}`,
    )
  return new Float64Array(Uint8Array.from(saved).buffer) // a copy: `saved` may start anywhere
}
