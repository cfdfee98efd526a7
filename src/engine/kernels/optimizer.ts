import { type AdamState, adamDefaults, type Optimizer } from '../optimizer.ts'
import type { Kernels } from './load.ts'

/** Lanes of the kernels' sums: arrays are padded to a multiple, with zeros. */
const LANES = 16

/** Adam in the kernels, with the bits of engine/adam.ts. Its arrays lie in an arena of their own. */
export class KernelOptimizer implements Optimizer {
  readonly #kernels: Kernels
  readonly #count: number
  readonly #parameters: Float32Array
  readonly #moments: { firstMoment: Float32Array; secondMoment: Float32Array }
  readonly #gradient: Float64Array
  #powers = { beta1Power: 1, beta2Power: 1 }

  /** @param size P; @param load makes kernels with an arena of so many bytes. */
  constructor(size: number, load: (bytes: number) => Kernels) {
    const count = Math.ceil(size / LANES) * LANES
    const kernels = load(5 * count * 4)
    // In words: the gradient first, which is float64, then parameters and moments.
    const floats = (word: number) => new Float32Array(kernels.memory, kernels.offset + word * 4, size)
    this.#kernels = kernels
    this.#count = count
    this.#gradient = new Float64Array(kernels.memory, kernels.offset, size)
    this.#parameters = floats(2 * count)
    this.#moments = { firstMoment: floats(3 * count), secondMoment: floats(4 * count) }
  }

  get state(): AdamState {
    return { ...this.#moments, ...this.#powers }
  }

  set state({ firstMoment, secondMoment, ...powers }: AdamState) {
    this.#moments.firstMoment.set(firstMoment)
    this.#moments.secondMoment.set(secondMoment)
    this.#powers = powers
  }

  step(parameters: Float32Array, gradient: Float64Array, learningRate: number, maxNorm: number): void {
    const { beta1, beta2, epsilon } = adamDefaults
    const count = this.#count
    const powers = this.#powers
    powers.beta1Power *= beta1
    powers.beta2Power *= beta2
    this.#parameters.set(parameters)
    this.#gradient.set(gradient)
    const places = [2 * count, 3 * count, 4 * count, 0, count] as const
    const corrections = [1 - powers.beta1Power, 1 - powers.beta2Power] as const
    this.#kernels.adam(...places, maxNorm, learningRate, beta1, beta2, epsilon, ...corrections)
    parameters.set(this.#parameters)
  }
}
