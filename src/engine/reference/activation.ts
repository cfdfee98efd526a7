/** Activations and their derivatives. Comparisons are turned so that NaN passes through. */
import { expm1, tanh } from '../../base/math/elementary.ts'
import type { Activation } from '../layout.ts'

/** Applies the activation to the first `count` elements, in place. */
export function activate(activation: Activation, x: Float64Array, count: number): void {
  switch (activation) {
    case 'tanh':
      for (let i = 0; i < count; i++) x[i] = tanh(x[i])
      break
    case 'relu':
      for (let i = 0; i < count; i++) if (x[i] < 0) x[i] = 0
      break
    case 'elu':
      for (let i = 0; i < count; i++) if (x[i] < 0) x[i] = expm1(x[i])
      break
  }
}

/**
 * Turns the first `count` elements of the gradient with respect to the outputs `y` into that with respect to the
 * inputs, in place. All three derivatives are functions of the output: 1 - y^2; 0 or 1; 1 or 1 + y.
 */
export function activateBackward(
  activation: Activation,
  y: Float64Array,
  gradient: Float64Array,
  count: number,
): void {
  switch (activation) {
    case 'tanh':
      for (let i = 0; i < count; i++) gradient[i] *= 1 - y[i] * y[i]
      break
    case 'relu':
      for (let i = 0; i < count; i++) if (y[i] <= 0) gradient[i] = 0
      break
    case 'elu':
      for (let i = 0; i < count; i++) if (y[i] < 0) gradient[i] *= 1 + y[i]
      break
  }
}
