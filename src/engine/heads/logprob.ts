import { exp, log } from '../../base/math/elementary.ts'
import type { Actions } from '../engine.ts'
import type { Network } from '../layout.ts'

/** 1/2 log(2 pi). */
const HALF_LOG_2PI = 0.9189385332046728

/**
 * Log-probabilities of actions that somebody has taken, [n], under distributions as act() gives them, [n, distribution]:
 * of another policy's actions, for importance weights.
 */
export function logProbsOf(
  { distribution, numActions }: Network,
  distributions: Float32Array,
  actions: Actions,
  out: Float32Array,
): void {
  const logProb = distribution === 'categorical' ? ofLogits : ofNormals
  for (let row = 0; row < out.length; row++) out[row] = logProb(numActions, distributions, actions, row)
}

function ofLogits(n: number, logits: Float32Array, actions: Actions, row: number): number {
  const first = row * n
  let largest = logits[first]
  for (let j = 1; j < n; j++) largest = Math.max(largest, logits[first + j])
  let sum = 0
  for (let j = 0; j < n; j++) sum += exp(logits[first + j] - largest)
  return logits[first + actions[row]] - largest - log(sum)
}

/** Means, then logarithms of the deviations. */
function ofNormals(n: number, normals: Float32Array, actions: Actions, row: number): number {
  let total = 0
  for (let j = 0; j < n; j++) {
    const logStd = normals[2 * row * n + n + j]
    const z = (actions[row * n + j] - normals[2 * row * n + j]) / exp(logStd)
    total -= 0.5 * z * z + logStd + HALF_LOG_2PI
  }
  return total
}
