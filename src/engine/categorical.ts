/**
 * The categorical distribution, one row at a time: the row is `numActions` numbers from index `first` of a block.
 * With p the softmax of the logits z and H the entropy:
 *
 *   log p_j = z_j - log sum exp z        d log p_a / d z_j = [j = a] - p_j
 *   H = -sum p_j log p_j                 d H / d z_j = -p_j (log p_j + H)
 */
import { exp, log } from '../base/math/elementary.ts'

/** Turns the row's logits into log-probabilities, in place, and writes its probabilities. */
export function logSoftmax(
  logits: Float64Array,
  probabilities: Float64Array,
  first: number,
  numActions: number,
): void {
  const end = first + numActions
  // Without the maximum taken out, exp overflows beyond logits of 709 and loses digits long before.
  let largest = logits[first]
  for (let j = first + 1; j < end; j++) largest = Math.max(largest, logits[j])
  let sum = 0
  for (let j = first; j < end; j++) {
    logits[j] -= largest
    probabilities[j] = exp(logits[j])
    sum += probabilities[j]
  }
  const logSum = log(sum)
  for (let j = first; j < end; j++) {
    logits[j] -= logSum
    probabilities[j] /= sum
  }
}

/** H in nats. Where p underflows to 0 the product is 0, as its limit. */
export function entropyOf(
  logProbs: Float64Array,
  probabilities: Float64Array,
  first: number,
  numActions: number,
): number {
  let entropy = 0
  for (let j = first; j < first + numActions; j++) entropy -= probabilities[j] * logProbs[j]
  return entropy
}

/** The action whose part of [0, 1) holds `u`: inversion of the cumulated probabilities. */
export function sampleAction(
  probabilities: Float64Array,
  first: number,
  numActions: number,
  u: number,
): number {
  let cumulated = 0
  let possible = 0
  for (let action = 0; action < numActions; action++) {
    const probability = probabilities[first + action]
    if (probability > 0) possible = action
    cumulated += probability
    if (u < cumulated) return action
  }
  // The sum may stop a rounding short of 1; never an action of probability 0 for that.
  return possible
}

/** The first of the most probable actions. */
export function modeOf(logits: Float64Array, first: number, numActions: number): number {
  let mode = 0
  for (let action = 1; action < numActions; action++)
    if (logits[first + action] > logits[first + mode]) mode = action
  return mode
}

/** Writes d loss / d z of the row, given d loss / d log p(action) and d loss / d H. */
export function logitGradient(
  gradient: Float64Array,
  logProbs: Float64Array,
  probabilities: Float64Array,
  first: number,
  numActions: number,
  action: number,
  byLogProb: number,
  byEntropy: number,
): void {
  const entropy = entropyOf(logProbs, probabilities, first, numActions)
  for (let j = first; j < first + numActions; j++) {
    const p = probabilities[j]
    gradient[j] = -p * (byLogProb + byEntropy * (logProbs[j] + entropy))
  }
  gradient[first + action] += byLogProb
}
