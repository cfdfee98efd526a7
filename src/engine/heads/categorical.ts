import { exp, log } from '../../base/math/elementary.ts'
import { Purpose, uniform } from '../../base/math/streams.ts'
import type { ActionStreams, Actions } from '../engine.ts'
import type { Distribution, Slopes } from './distribution.ts'

/**
 * Discrete actions. With p the softmax of the logits z, q that of the old ones, and H the entropy:
 *
 *   log p_j = z_j - log sum exp z                d log p_a / d z_j = [j = a] - p_j
 *   H = -sum p_j log p_j                         d H / d z_j = -p_j (log p_j + H)
 *   KL(q || p) = sum q_j (log q_j - log p_j)     d KL / d z_j = p_j - q_j
 */
export class Categorical implements Distribution {
  readonly #n: number
  readonly #logits: Float64Array // [BLOCK_ROWS, n]
  readonly #logitGradient: Float64Array // [BLOCK_ROWS, n]
  readonly #logProbs: Float64Array // [BLOCK_ROWS, n]
  readonly #probs: Float64Array // [BLOCK_ROWS, n]
  // Of the old policy, one row.
  readonly #oldLogProbs: Float64Array // [n]
  readonly #oldProbs: Float64Array // [n]

  constructor(numActions: number, logits: Float64Array, logitGradient: Float64Array) {
    this.#n = numActions
    this.#logits = logits
    this.#logitGradient = logitGradient
    this.#logProbs = new Float64Array(logits.length)
    this.#probs = new Float64Array(logits.length)
    this.#oldLogProbs = new Float64Array(numActions)
    this.#oldProbs = new Float64Array(numActions)
  }

  prepare(rows: number): void {
    this.#logProbs.set(this.#logits)
    for (let r = 0; r < rows; r++) logSoftmax(this.#logProbs, this.#probs, r * this.#n, this.#n)
  }

  describe(r: number, distributions: Float32Array, row: number): void {
    const n = this.#n
    for (let j = 0; j < n; j++) distributions[row * n + j] = this.#logits[r * n + j]
  }

  /** The first of the largest logits: log-probabilities are rounded, which can make unequal ones equal. */
  mode(r: number, actions: Actions, row: number): void {
    const first = r * this.#n
    let mode = 0
    for (let j = 1; j < this.#n; j++) if (this.#logits[first + j] > this.#logits[first + mode]) mode = j
    actions[row] = mode
  }

  sample(r: number, actions: Actions, row: number, { seed, firstEnv, step }: ActionStreams): void {
    const u = uniform(seed, Purpose.action, firstEnv + row, step, 0)
    actions[row] = invert(this.#probs, r * this.#n, this.#n, u)
  }

  logProb(r: number, actions: Actions, row: number): number {
    return this.#logProbs[r * this.#n + actions[row]]
  }

  /** Where p underflows to 0 the product is 0, as its limit. */
  entropy(r: number): number {
    let entropy = 0
    for (let k = r * this.#n; k < (r + 1) * this.#n; k++) entropy -= this.#probs[k] * this.#logProbs[k]
    return entropy
  }

  klFrom(r: number, distributions: Float32Array, row: number): number {
    this.#takeOld(distributions, row)
    let kl = 0
    for (let j = 0; j < this.#n; j++)
      kl += this.#oldProbs[j] * (this.#oldLogProbs[j] - this.#logProbs[r * this.#n + j])
    return kl
  }

  backward(r: number, row: number, { actions, distributions, byLogProb, byEntropy, byKl }: Slopes): void {
    const first = r * this.#n
    const entropy = this.entropy(r)
    if (distributions) this.#takeOld(distributions, row)
    for (let j = 0; j < this.#n; j++) {
      const p = this.#probs[first + j]
      const towardsOld = distributions ? byKl * (p - this.#oldProbs[j]) : 0
      const logProb = this.#logProbs[first + j]
      this.#logitGradient[first + j] = towardsOld - p * (byLogProb + byEntropy * (logProb + entropy))
    }
    this.#logitGradient[first + actions[row]] += byLogProb
  }

  #takeOld(distributions: Float32Array, row: number): void {
    const n = this.#n
    for (let j = 0; j < n; j++) this.#oldLogProbs[j] = distributions[row * n + j]
    logSoftmax(this.#oldLogProbs, this.#oldProbs, 0, n)
  }
}

/** Turns the `n` logits from index `first` on into log-probabilities, in place, and writes probabilities. */
function logSoftmax(logits: Float64Array, probs: Float64Array, first: number, n: number): void {
  const end = first + n
  // Without the maximum taken out, exp overflows beyond logits of 709 and loses digits long before.
  let largest = logits[first]
  for (let k = first + 1; k < end; k++) largest = Math.max(largest, logits[k])
  let sum = 0
  for (let k = first; k < end; k++) {
    logits[k] -= largest
    probs[k] = exp(logits[k])
    sum += probs[k]
  }
  const logSum = log(sum)
  for (let k = first; k < end; k++) {
    logits[k] -= logSum
    probs[k] /= sum
  }
}

/** The action whose part of [0, 1) holds `u`: inversion of the cumulated probabilities, `n` from index `first` on. */
export function invert(probs: Float64Array, first: number, n: number, u: number): number {
  let cumulated = 0
  let possible = 0
  for (let action = 0; action < n; action++) {
    const probability = probs[first + action]
    if (probability > 0) possible = action
    cumulated += probability
    if (u < cumulated) return action
  }
  // The sum may stop a rounding short of 1; never an action of probability 0 for that.
  return possible
}
