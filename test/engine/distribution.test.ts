/** Distributions against test/data/torch/distributions.json, in float64. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Actions } from '../../src/engine/engine.ts'
import { Categorical, invert } from '../../src/engine/heads/categorical.ts'
import type { Distribution } from '../../src/engine/heads/distribution.ts'
import { Gaussian } from '../../src/engine/heads/gaussian.ts'
import { allNear, near } from './near.ts'
import { describe, flatten, type Recorded, recordedDistributions } from './recorded.ts'

for (const recorded of recordedDistributions())
  test(recorded.name, () => {
    const { params, float64 } = recorded
    const rows = float64.log_prob.length
    const { policy, gradientOf } = make(params)
    const actions = toActions(params, recorded.actions)
    const distributions = describe(recorded.old_params)
    const modes = actions.slice()
    policy.prepare(rows)
    for (let row = 0; row < rows; row++) {
      relatively(policy.logProb(row, actions, row), float64.log_prob[row])
      relatively(policy.entropy(row), float64.entropy[row])
      relatively(policy.klFrom(row, distributions, row), float64.kl_old_new[row])
      policy.mode(row, modes, row)
    }
    assert.deepEqual(modes, toActions(params, float64.mode))
    const slopes = { actions, distributions, byLogProb: 0, byEntropy: 0, byKl: 0 }
    const gradient = (by: object) => gradientOf(row => policy.backward(row, row, { ...slopes, ...by }))
    sameGradient(gradient({ byLogProb: 1 }), float64.grad_log_prob)
    sameGradient(gradient({ byEntropy: 1 }), float64.grad_entropy)
    sameGradient(gradient({ byKl: 1 }), float64.grad_kl_old_new)
  })

test('a uniform number chooses the action whose part of [0, 1) holds it', () => {
  const probabilities = Float64Array.of(9, 0.25, 0, 0.75, 9)
  const at = (u: number) => invert(probabilities, 1, 3, u)
  assert.deepEqual([0, 0.2499, 0.25, 0.9999].map(at), [0, 0, 2, 2])
})

test('probabilities that sum to less than 1 never yield an impossible action', () => {
  const nearlyOne = 1 - 2 ** -53
  assert.equal(invert(Float64Array.of(0.5, 0.5 - 2 ** -53, 0), 0, 3, nearlyOne), 1)
})

/** The distribution of these parameters, and the gradient after `backward` of every row, flat. */
function make(params: Recorded): {
  policy: Distribution
  gradientOf(backward: (row: number) => void): Float64Array
} {
  const rows = 'logits' in params ? params.logits : params.mean
  const n = rows[0].length
  const outputs = Float64Array.from(rows.flat())
  const gradient = new Float64Array(outputs.length)
  const logStd = Float64Array.from('logits' in params ? [] : params.log_std)
  const logStdGradient = new Float64Array(logStd.length)
  return {
    policy:
      'logits' in params
        ? new Categorical(n, outputs, gradient)
        : new Gaussian(n, outputs, gradient, logStd, logStdGradient),
    gradientOf: backward => {
      logStdGradient.fill(0)
      rows.forEach((_, row) => {
        backward(row)
      })
      return Float64Array.of(...gradient, ...logStdGradient)
    },
  }
}

function toActions(params: Recorded, actions: number[] | number[][]): Actions {
  return 'logits' in params ? Int32Array.from(flatten(actions)) : Float32Array.from(flatten(actions))
}

function relatively(actual: number, expected: number): void {
  near(actual, expected, 1e-12 * Math.max(1, Math.abs(expected)))
}

function sameGradient(actual: Float64Array, expected: Recorded): void {
  const flat = 'logits' in expected ? expected.logits.flat() : [...expected.mean.flat(), ...expected.log_std]
  allNear(actual, flat, 1e-11 * Math.max(1, ...flat.map(Math.abs)))
}
