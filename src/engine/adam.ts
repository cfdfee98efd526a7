import { clipGradNorm } from './gradnorm.ts'
import { type AdamOptions, type AdamState, adamDefaults, type Optimizer } from './optimizer.ts'

/**
 * Adam (Kingma & Ba 2015, algorithm 1) on the flat vector: float64 arithmetic, float32 storage. The plain twin of
 * the one in kernels/, bit for bit.
 */
export class Adam implements Optimizer {
  state: AdamState
  readonly #options: AdamOptions

  constructor(size: number, options: AdamOptions = adamDefaults) {
    this.#options = options
    this.state = {
      firstMoment: new Float32Array(size),
      secondMoment: new Float32Array(size),
      beta1Power: 1,
      beta2Power: 1,
    }
  }

  step(parameters: Float32Array, gradient: Float64Array, learningRate: number, maxNorm: number): void {
    clipGradNorm(gradient, maxNorm)
    const { state } = this
    const { beta1, beta2, epsilon } = this.#options
    const { firstMoment, secondMoment } = state
    state.beta1Power *= beta1
    state.beta2Power *= beta2
    const firstCorrection = 1 - state.beta1Power
    const secondCorrection = 1 - state.beta2Power
    for (let i = 0; i < parameters.length; i++) {
      const g = gradient[i]
      const m = beta1 * firstMoment[i] + (1 - beta1) * g
      const v = beta2 * secondMoment[i] + (1 - beta2) * g * g
      firstMoment[i] = m
      secondMoment[i] = v
      parameters[i] -= (learningRate * (m / firstCorrection)) / (Math.sqrt(v / secondCorrection) + epsilon)
    }
  }
}
