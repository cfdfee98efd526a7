import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UsageError } from '../../src/base/errors.ts'
import { Pcg64 } from '../../src/env/pcg64.ts'
import { makeEnv } from '../../src/env/single.ts'

/** Start and the state after falling over to the right. */
function fallen() {
  const env = makeEnv('CartPole-v1')
  env.reset({ seed: 1 })
  let steps = 1
  while (!env.step(1).terminated) steps++
  return { env, steps }
}

test('without a seed, reset goes on with the generator', () => {
  const env = makeEnv('CartPole-v1')
  const generator = new Pcg64(5)
  const next = () => Array.from({ length: 4 }, () => -0.05 + 0.1 * generator.nextDouble())
  env.reset({ seed: 5 })
  assert.deepEqual([...env.state], next())
  env.reset()
  assert.deepEqual([...env.state], next())
})

test('never seeded, two environments start differently, inside the bounds', () => {
  const starts = [makeEnv('CartPole-v1'), makeEnv('CartPole-v1')].map(env => [...env.reset().observation])
  assert.notDeepEqual(starts[0], starts[1])
  for (const value of starts.flat()) assert.ok(Math.abs(value) <= 0.05)
})

test('the generator takes seeds of more than 32 bits', () => {
  const draws = [0, 1, 2 ** 32, 2 ** 32 + 1, 2 ** 53 - 1].map(seed => new Pcg64(seed).nextDouble())
  assert.equal(new Set(draws).size, draws.length)
})

test('observations and states are the caller’s to keep', () => {
  const env = makeEnv('CartPole-v1')
  const start = env.reset({ seed: 0 }).observation
  const [state, copy, seen] = [env.state, [...env.state], [...start]]
  env.step(1)
  assert.deepEqual([...state], copy)
  assert.deepEqual([...start], seen)
  assert.notDeepEqual([...env.state], copy)
})

test('reward is 1 on the step that terminates and 0 on terminal steps after it', () => {
  const { env } = fallen()
  assert.equal(env.step(1).reward, 0)
  env.state = new Float64Array(4)
  assert.deepEqual(
    { ...env.step(1), observation: null },
    {
      observation: null,
      reward: 1,
      terminated: false,
      truncated: false,
      info: {},
    },
  )
  env.reset({ seed: 1 })
  env.state = Float64Array.of(3, 0, 0, 0)
  assert.deepEqual([env.step(1).reward, env.step(1).reward], [1, 0])
})

test('the time limit sets truncated and leaves terminated alone', () => {
  const env = makeEnv('CartPole-v1')
  env.reset({ seed: 0 })
  for (let step = 1; step <= 501; step++) {
    env.state = step === 500 ? Float64Array.of(3, 0, 0, 0) : new Float64Array(4)
    const { terminated, truncated } = env.step(1)
    assert.equal(terminated, step === 500)
    assert.equal(truncated, step >= 500)
  }
})

test('mistakes are answered in one sentence', () => {
  const env = makeEnv('CartPole-v1')
  const mistake = (message: RegExp) => (error: unknown) =>
    error instanceof UsageError && message.test(error.message)
  assert.throws(() => env.step(0), mistake(/^call reset\(\) before the first step\(\) of CartPole-v1$/))
  assert.throws(() => env.reset({ seed: -1 }), mistake(/^a seed is a whole number 0 \.\. 2\^53 - 1, not -1$/))
  assert.throws(() => env.reset({ seed: 0.5 }), mistake(/not 0\.5$/))
  env.reset({ seed: 0 })
  for (const action of [-1, 2, 0.5, NaN]) {
    assert.throws(
      () => env.step(action),
      mistake(/^an action of CartPole-v1 is a whole number 0 \.\. 1, not /),
    )
  }
  const pendulum = makeEnv('Pendulum-v1')
  pendulum.reset({ seed: 0 })
  for (const action of [1, [], [0, 0], [NaN]]) {
    assert.throws(
      () => pendulum.step(action),
      mistake(/^an action of Pendulum-v1 is an array of 1 number, not /),
    )
  }
  assert.throws(
    () => {
      env.state = new Float64Array(3)
    },
    mistake(/^the state of CartPole-v1 has 4 numbers, not 3$/),
  )
})
