import type { Eventually } from '../base/eventually.ts'

/**
 * Moves the flat parameter vector. It works on the host in strict arithmetic whatever computed the gradient
 * (ARCHITECTURE decision 2): every implementation gives the same bits, so ranks stay in step though their engines differ.
 */
export interface Optimizer {
  /** May be replaced by a saved one. */
  state: AdamState

  /**
   * Divides `sums` [P] by the number of rows behind them, in place, and writes the largest magnitude that each
   * tensor's sums had, [tensors].
   * @returns the norm of the mean, over all tensors
   */
  average(sums: Float64Array, rows: number, largest: Float64Array): Eventually<number>

  /** Moves `parameters` [P], in place, against the gradient [P], of that norm, made no longer than `maxNorm`. */
  step(
    parameters: Float32Array,
    gradient: Float64Array,
    norm: number,
    maxNorm: number,
    learningRate: number,
  ): Eventually<void>
}

/** A norm's squares are added up in this many lanes, as the kernels' vectors do: element i in lane i mod LANES. */
export const LANES = 16

/** What makes a gradient's norm at most `maxNorm`, as torch.nn.utils.clip_grad_norm_. */
export function clipScale(norm: number, maxNorm: number): number {
  return Math.min(1, maxNorm / (norm + 1e-6))
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

/**
 * Moves the powers of beta on by one step, in place.
 * @returns what both moments' bias corrections come to: the step size, and the factor of the second moment
 */
export function nextStep(
  powers: Pick<AdamState, 'beta1Power' | 'beta2Power'>,
  { beta1, beta2 }: AdamOptions,
  learningRate: number,
): { stepSize: number; perSecond: number } {
  powers.beta1Power *= beta1
  powers.beta2Power *= beta2
  return { stepSize: learningRate / (1 - powers.beta1Power), perSecond: 1 / (1 - powers.beta2Power) }
}
