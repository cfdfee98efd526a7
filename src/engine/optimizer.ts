/**
 * Moves the flat parameter vector. It works on the host in strict arithmetic whatever computed the gradient
 * (ARCHITECTURE decision 2): every implementation gives the same bits, so ranks stay in step though their engines differ.
 */
export interface Optimizer {
  /** May be replaced by a saved one. */
  state: AdamState

  /**
   * Scales `gradient` [P] to a norm of at most `maxNorm` and moves `parameters` [P] against it, in place. The
   * gradient is used up.
   */
  step(parameters: Float32Array, gradient: Float64Array, learningRate: number, maxNorm: number): void
}

/** All that the next step depends on besides its arguments: what a checkpoint keeps. */
export interface AdamState {
  firstMoment: Float32Array // [P]
  secondMoment: Float32Array // [P]
  /** beta1^t and beta2^t after t steps, as running products: a power function may differ between machines. */
  beta1Power: number
  beta2Power: number
}

export interface AdamOptions {
  beta1: number
  beta2: number
  /** Added to the root after the bias correction. */
  epsilon: number
}

/** PPO's: its epsilon is not Adam's usual 1e-8. */
export const adamDefaults: AdamOptions = { beta1: 0.9, beta2: 0.999, epsilon: 1e-5 }
