export interface AdamOptions {
  beta1?: number
  beta2?: number
  /** Added to the root after the bias correction; PPO's 1e-5 is not Adam's usual 1e-8. */
  epsilon?: number
}

/** All that the next step depends on besides its arguments: what a checkpoint keeps. */
export interface AdamState {
  firstMoment: Float32Array // [P]
  secondMoment: Float32Array // [P]
  /** beta1^t and beta2^t after t steps, as running products: a power function may differ between machines. */
  beta1Power: number
  beta2Power: number
}

/** Adam (Kingma & Ba 2015, algorithm 1) on the flat vector: float64 arithmetic, float32 storage. */
export class Adam {
  /** May be replaced by a saved one. */
  state: AdamState
  readonly #beta1: number
  readonly #beta2: number
  readonly #epsilon: number

  constructor(size: number, { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-5 }: AdamOptions = {}) {
    this.#beta1 = beta1
    this.#beta2 = beta2
    this.#epsilon = epsilon
    this.state = {
      firstMoment: new Float32Array(size),
      secondMoment: new Float32Array(size),
      beta1Power: 1,
      beta2Power: 1,
    }
  }

  /** Moves `parameters` [P] against `gradient` [P], in place. */
  step(parameters: Float32Array, gradient: Float64Array, learningRate: number): void {
    const { state } = this
    const [beta1, beta2, epsilon] = [this.#beta1, this.#beta2, this.#epsilon]
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
