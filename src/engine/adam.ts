import type { Layout } from './layout.ts'
import {
  type AdamOptions,
  type AdamState,
  adamDefaults,
  clipScale,
  LANES,
  nextStep,
  type Optimizer,
} from './optimizer.ts'

/** Of a float64 result of one operation on float32 numbers: what the operation in float32 gives. */
const f = Math.fround

/**
 * Adam (Kingma & Ba 2015, algorithm 1) on the flat vector, in float32 as PyTorch's, each operation rounded. The plain
 * twin of the one in kernels/, bit for bit.
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
    const { stepSize, perSecond } = nextStep(state, this.#options, learningRate)
    const scale = clipScale(norm, maxNorm)
    const [decay1, rest1, decay2, rest2] = [beta1, 1 - beta1, beta2, 1 - beta2].map(f)
    const [size, correction, least] = [stepSize, perSecond, epsilon].map(f)
    for (let i = 0; i < parameters.length; i++) {
      const g = f(gradient[i] * scale)
      const m = f(f(decay1 * firstMoment[i]) + f(rest1 * g))
      const v = f(f(decay2 * secondMoment[i]) + f(f(rest2 * g) * g))
      firstMoment[i] = m
      secondMoment[i] = v
      parameters[i] -= f(f(size * m) / f(f(Math.sqrt(f(v * correction))) + least))
    }
  }
}
