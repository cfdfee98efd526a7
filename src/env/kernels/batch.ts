import { savedRows } from '../batch.ts'
import { cartPole } from '../cartpole.ts'
import type { ActionSpace, Actions, BoxSpace } from '../spaces.ts'
import type { EnvStreams, VectorEnv } from '../vectorenv.ts'
import { type CartPoleKernel, type Load, loadNative, loadWasm } from './load.ts'

/** Rows that the kernel steps together. */
const LANES = 4
const { stateSize, maxEpisodeSteps } = cartPole

/**
 * CartPole-v1 in batches, a step of all rows in one call: the rows of `DynamicsBatch` of `cartPole`, its twin, bit for
 * bit, and what either has saved the other can load.
 */
export class CartPoleBatch implements VectorEnv {
  readonly numEnvs: number
  readonly observationSpace: BoxSpace = cartPole.observationSpace
  readonly actionSpace: ActionSpace = cartPole.actionSpace
  readonly observations: Float32Array
  readonly finalObservations: Float32Array
  readonly rewards: Float64Array
  readonly terminated: Uint8Array
  readonly truncated: Uint8Array
  readonly #rows: number // N, made a multiple of LANES
  readonly #kernel: CartPoleKernel
  readonly #actions: Int32Array
  readonly #state: Float64Array // [4, rows]
  readonly #steps: Int32Array // of the running episode
  readonly #episodes: Int32Array // begun so far

  /** @param load where from; WebAssembly if it gives none. */
  constructor(numEnvs: number, { seed, purpose, firstEnv }: EnvStreams, load: Load = loadNative) {
    const rows = Math.ceil(numEnvs / LANES) * LANES
    let bytes = 64 // the Batch
    const take = (length: number) => {
      const place = bytes
      bytes += Math.ceil((length * rows) / 64) * 64
      return place
    }
    const [actions, state, steps, episodes] = [take(4), take(8 * stateSize), take(4), take(4)]
    const [observations, finalObservations, rewards] = [take(16), take(16), take(8)]
    const [terminated, truncated] = [take(1), take(1)]
    const kernel = load(bytes) ?? loadWasm(bytes)
    const { memory, offset } = kernel
    new Int32Array(memory, offset, 15).set([
      ...[rows, maxEpisodeSteps, seed, Math.floor(seed / 4_294_967_296), purpose, firstEnv],
      ...[actions, state, steps, episodes, observations, finalObservations, rewards, terminated, truncated],
    ])
    this.numEnvs = numEnvs
    this.#rows = rows
    this.#kernel = kernel
    this.#actions = new Int32Array(memory, offset + actions, numEnvs)
    this.#state = new Float64Array(memory, offset + state, stateSize * rows)
    this.#steps = new Int32Array(memory, offset + steps, numEnvs)
    this.#episodes = new Int32Array(memory, offset + episodes, numEnvs)
    this.observations = new Float32Array(memory, offset + observations, 4 * numEnvs)
    this.finalObservations = new Float32Array(memory, offset + finalObservations, 4 * numEnvs)
    this.rewards = new Float64Array(memory, offset + rewards, numEnvs)
    this.terminated = new Uint8Array(memory, offset + terminated, numEnvs)
    this.truncated = new Uint8Array(memory, offset + truncated, numEnvs)
  }

  reset(): void {
    this.#kernel.reset(this.#kernel.base)
  }

  step(actions: Actions): void {
    this.#actions.set(actions)
    this.#kernel.step(this.#kernel.base)
  }

  /** As `DynamicsBatch`. */
  save(): Uint8Array {
    const saved = new Float64Array(this.numEnvs * (stateSize + 2))
    for (let i = 0; i < this.numEnvs; i++) {
      const at = i * (stateSize + 2)
      for (let k = 0; k < stateSize; k++) saved[at + k] = this.#state[k * this.#rows + i]
      saved[at + stateSize] = this.#steps[i]
      saved[at + stateSize + 1] = this.#episodes[i]
    }
    return new Uint8Array(saved.buffer)
  }

  /** As `DynamicsBatch`. */
  load(saved: Uint8Array): void {
    const rows = savedRows(cartPole, this.numEnvs, saved)
    for (let i = 0; i < this.numEnvs; i++) {
      const at = i * (stateSize + 2)
      for (let k = 0; k < stateSize; k++) this.#state[k * this.#rows + i] = rows[at + k]
      this.#steps[i] = rows[at + stateSize]
      this.#episodes[i] = rows[at + stateSize + 1]
    }
    this.#kernel.observeAll(this.#kernel.base)
  }
}
