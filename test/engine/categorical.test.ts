import assert from 'node:assert/strict'
import { test } from 'node:test'
import { entropyOf, logitGradient, logSoftmax, modeOf, sampleAction } from '../../src/engine/categorical.ts'
import { readData } from '../data.ts'
import { allNear, near } from './near.ts'

interface CategoricalCase {
  name: string
  params: { logits: number[][] }
  actions: number[]
  float64: {
    log_prob: number[]
    entropy: number[]
    mode: number[]
    probs: number[][]
    grad_log_prob: { logits: number[][] }
    grad_entropy: { logits: number[][] }
  }
}

const names = ['categorical', 'categorical-two-actions', 'categorical-extreme']
const { cases } = readData<{ cases: CategoricalCase[] }>('torch/distributions.json')

for (const { name, params, actions, float64 } of cases.filter(({ name }) => names.includes(name)))
  test(name, () => {
    const rows = params.logits.length
    const numActions = params.logits[0].length
    const logProbs = Float64Array.from(params.logits.flat())
    const probabilities = new Float64Array(logProbs.length)
    const gradient = new Float64Array(logProbs.length)
    for (let row = 0; row < rows; row++) {
      const first = row * numActions
      const gradientOf = (byLogProb: number, byEntropy: number) => {
        logitGradient(
          gradient,
          logProbs,
          probabilities,
          first,
          numActions,
          actions[row],
          byLogProb,
          byEntropy,
        )
        return gradient.subarray(first, first + numActions)
      }
      assert.equal(modeOf(logProbs, first, numActions), float64.mode[row])
      logSoftmax(logProbs, probabilities, first, numActions)
      const logProb = float64.log_prob[row]
      near(logProbs[first + actions[row]], logProb, 1e-12 * Math.max(1, Math.abs(logProb)))
      near(entropyOf(logProbs, probabilities, first, numActions), float64.entropy[row], 1e-12)
      allNear(probabilities.subarray(first, first + numActions), float64.probs[row], 1e-12)
      allNear(gradientOf(1, 0), float64.grad_log_prob.logits[row], 1e-11)
      allNear(gradientOf(0, 1), float64.grad_entropy.logits[row], 1e-11)
    }
  })

test('a uniform number chooses the action whose part of [0, 1) holds it', () => {
  const probabilities = Float64Array.of(9, 0.25, 0, 0.75, 9)
  const at = (u: number) => sampleAction(probabilities, 1, 3, u)
  assert.deepEqual([0, 0.2499, 0.25, 0.9999].map(at), [0, 0, 2, 2])
})

test('probabilities that sum to less than 1 never yield an impossible action', () => {
  const nearlyOne = 1 - 2 ** -53
  assert.equal(sampleAction(Float64Array.of(0.5, 0.5 - 2 ** -53, 0), 0, 3, nearlyOne), 1)
})
