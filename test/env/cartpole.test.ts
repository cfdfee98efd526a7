/** What test/env/gymnasium.test.ts cannot replay: balancing is unstable open loop. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeEnv } from '../../src/env/single.ts'
import { recordingOf } from './recording.ts'

test('a recorded policy balances the pole until the time limit', () => {
  const recorded = recordingOf('CartPole-v1').cases.find(({ policy }) => policy)
  const k = recorded?.policy?.k
  assert.ok(recorded && k)
  const env = makeEnv('CartPole-v1')
  env.reset({ seed: 0 })
  env.state = Float64Array.from(recorded.initial_state)
  for (let step = 1; step <= recorded.steps; step++) {
    const lean = env.state.reduce((sum, value, i) => sum + k[i] * value, 0)
    const { terminated, truncated } = env.step(lean > 0 ? 1 : 0)
    assert.equal(terminated, false)
    assert.equal(truncated, step === recorded.truncated_at)
  }
})
