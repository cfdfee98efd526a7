import assert from 'node:assert/strict'
import { test } from 'node:test'
import { epsilonOf } from '../../src/parallel/secure/accountant.ts'

/** Google's dp-accounting 0.6 (RdpAccountant, the same orders): rounds, q, z, delta, epsilon. */
const recorded: [rounds: number, q: number, z: number, delta: number, epsilon: number][] = [
  [10_000, 0.01, 4, 1e-5, 1.0354900660362436],
  [100, 0.5, 1, 1e-5, 45.86403305472919],
  [1, 1, 2, 1e-5, 2.1680106367839715],
  [50, 1, 8, 1e-6, 4.558491054990902],
  [1000, 0.1, 0.8, 1e-5, 47.140422160116586],
]

test("epsilon as Google's dp-accounting has it", () => {
  for (const [rounds, q, z, delta, expected] of recorded) {
    const epsilon = epsilonOf(rounds, q, z, delta)
    assert.ok(Math.abs(epsilon / expected - 1) < 1e-6, `${epsilon}, not ${expected}`)
  }
})

test('nothing is given away before the first round, everything without noise', () => {
  assert.equal(epsilonOf(0, 1, 1, 1e-5), 0)
  assert.equal(epsilonOf(1, 1, 0, 1e-5), Number.POSITIVE_INFINITY)
})
