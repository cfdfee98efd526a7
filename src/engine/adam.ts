import type { Layout } from './layout.ts'
import { type AdamOptions, type AdamState, adamDefaults, clipScale, type Optimizer } from './optimizer.ts'

/** Sums of squares go over this many lanes, as the kernels' vectors do: element i to lane i mod LANES. */
const LANES = 16

/**
 * Adam (Kingma & Ba 2015, algorithm 1) on the flat vector: float64 arithmetic, float32 storage. The plain twin of
 * the one in kernels/, bit for bit.
 */
export class Adam implements Optimizer {
  state: AdamState
  readonly #layout: Layout
  readonly #options: AdamOptions

  constructor(layout: Layout, options: AdamOptions = adamDefaults) {
    this.#layout = layout
    this.#options = options
    this.state = {
      firstMoment: new Float32Array(layout.size),
      secondMoment: new Float32Array(layout.size),
      beta1Power: 1,
      beta2Power: 1,
    }
  }

  average(sums: Float64Array, rows: number, largest: Float64Array): number {
    this.#layout.tensors.forEach(({ offset, size }, t) => {
      largest[t] = 0
      for (let i = offset; i < offset + size; i++) largest[t] = Math.max(largest[t], Math.abs(sums[i]))
    })
    const perRow = 1 / rows
    const squares = new Float64Array(LANES)
    for (let i = 0; i < sums.length; i++) {
      sums[i] *= perRow
      squares[i % LANES] += sums[i] * sums[i]
    }
    return Math.sqrt(squares.reduce((sum, lane) => sum + lane))
  }

  step(
    parameters: Float32Array,
    gradient: Float64Array,
    norm: number,
    maxNorm: number,
    learningRate: number,
  ): void {
    const { state } = this
    const { beta1, beta2, epsilon } = this.#options
    const { firstMoment, secondMoment } = state
    state.beta1Power *= beta1
    state.beta2Power *= beta2
    const stepSize = learningRate / (1 - state.beta1Power)
    const scale = clipScale(norm, maxNorm)
    const perSecond = 1 / (1 - state.beta2Power)
    for (let i = 0; i < parameters.length; i++) {
      const g = gradient[i] * scale
      const m = beta1 * firstMoment[i] + (1 - beta1) * g
      const v = beta2 * secondMoment[i] + (1 - beta2) * g * g
      firstMoment[i] = m
      secondMoment[i] = v
      parameters[i] -= (stepSize * m) / (Math.sqrt(v * perSecond) + epsilon)
    }
  }
}
