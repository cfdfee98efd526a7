import type { Layout } from '../layout.ts'
import { type AdamState, adamDefaults, clipScale, nextStep, type Optimizer } from '../optimizer.ts'
import type { Kernels, Load } from './load.ts'

/** Adam in the kernels, with the bits of engine/adam.ts. Its arrays lie in memory of their own. */
export class KernelOptimizer implements Optimizer {
  readonly #layout: Layout
  readonly #kernels: Kernels
  readonly #views: { gradient: Float64Array; parameters: Float32Array }
  readonly #moments: { firstMoment: Float32Array; secondMoment: Float32Array }
  #powers = { beta1Power: 1, beta2Power: 1 }

  constructor(layout: Layout, load: Load) {
    const { size } = layout
    const kernels = load(5 * size * 4)
    const floats = (word: number) => new Float32Array(kernels.memory, kernels.offset + word * 4, size)
    this.#layout = layout
    this.#kernels = kernels
    // In words: the gradient first, which is float64, then moments and parameters.
    this.#moments = { firstMoment: floats(2 * size), secondMoment: floats(3 * size) }
    const gradient = new Float64Array(kernels.memory, kernels.offset, size)
    this.#views = { gradient, parameters: floats(4 * size) }
  }

  get state(): AdamState {
    return { ...this.#moments, ...this.#powers }
  }

  set state({ firstMoment, secondMoment, ...powers }: AdamState) {
    this.#moments.firstMoment.set(firstMoment)
    this.#moments.secondMoment.set(secondMoment)
    this.#powers = powers
  }

  average(sums: Float64Array, rows: number, largest: Float64Array): number {
    const { largestOf, scaleAndNorm } = this.#kernels
    const place = this.#enter(sums, this.#views.gradient)
    this.#layout.tensors.forEach(({ offset, size }, t) => {
      largest[t] = largestOf(place + 8 * offset, size)
    })
    const norm = scaleAndNorm(place, this.#layout.size, 1 / rows)
    this.#leave(sums, this.#views.gradient)
    return norm
  }

  step(
    parameters: Float32Array,
    gradient: Float64Array,
    norm: number,
    maxNorm: number,
    learningRate: number,
  ): void {
    const { beta1, beta2, epsilon } = adamDefaults
    const { size } = this.#layout
    const { stepSize, perSecond } = nextStep(this.#powers, adamDefaults, learningRate)
    const scale = clipScale(norm, maxNorm)
    const { base } = this.#kernels
    const moments = [base + 8 * size, base + 12 * size] as const
    const places = [this.#enter(parameters, this.#views.parameters), ...moments] as const
    const from = this.#enter(gradient, this.#views.gradient)
    this.#kernels.adam(...places, from, size, scale, stepSize, beta1, beta2, epsilon, perSecond)
    this.#leave(parameters, this.#views.parameters)
  }

  /** Pointer to an array: itself where the kernels reach it, else a copy in their memory. */
  #enter<A extends Float32Array | Float64Array>(array: A, copy: A): number {
    const { addressOf, base, offset } = this.#kernels
    if (addressOf) return addressOf(array)
    copy.set(array)
    return base + copy.byteOffset - offset
  }

  /** Brings back what the kernels wrote into the copy. */
  #leave<A extends Float32Array | Float64Array>(array: A, copy: A): void {
    if (!this.#kernels.addressOf) array.set(copy)
  }
}
