/** Replays what Gymnasium recorded (test/data/README.md). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cartPole } from '../../src/env/cartpole.ts'
import { makeEnv } from '../../src/env/single.ts'
import { readData } from '../data.ts'

interface Recording {
  spec: {
    max_episode_steps: number
    reward_threshold: number
    observation_space: { shape: number[]; low: (number | null)[]; high: (number | null)[] }
    action_space: { n: number }
  }
  resets: { seed: number; state: number[]; observation: number[] }[]
  cases: Case[]
}

interface Case {
  name: string
  initial_state: number[]
  steps: number
  actions: number[]
  observations: number[][]
  states: number[][]
  rewards: number[]
  terminated_at: number | null
  truncated_at: number | null
  stored_steps?: number[]
  states_before?: number[][]
  policy?: { k: number[] }
}

const recording = readData<Recording>('gymnasium/CartPole-v1.json')

function assertState(actual: Float64Array, expected: number[], where: string): void {
  for (const [k, value] of expected.entries()) {
    const error = Math.abs(actual[k] - value) / Math.max(1, Math.abs(value))
    assert.ok(error <= 1e-12, `${where}: state[${k}] is ${actual[k]}, Gymnasium's ${value}`)
  }
}

/** Equal, or neighbours in float32. */
function assertObservation(actual: Float32Array, expected: number[], where: string): void {
  const recorded = Float32Array.from(expected)
  const ordered = (values: Float32Array) =>
    [...new Int32Array(values.buffer)].map(bits => (bits < 0 ? -(bits & 0x7fffffff) : bits))
  for (const [k, place] of ordered(recorded).entries()) {
    const isNear = Math.abs(ordered(actual)[k] - place) <= 1
    assert.ok(isNear, `${where}: observation[${k}] is ${actual[k]}, Gymnasium's ${recorded[k]}`)
  }
}

test('the spaces and the spec are Gymnasium’s', () => {
  const { spec } = recording
  const bounds = (values: (number | null)[], open: number) => values.map(value => value ?? open)
  assert.equal(cartPole.maxEpisodeSteps, spec.max_episode_steps)
  assert.equal(cartPole.rewardThreshold, spec.reward_threshold)
  assert.equal(cartPole.actionSpace.n, spec.action_space.n)
  assert.deepEqual(cartPole.observationSpace.shape, spec.observation_space.shape)
  assert.deepEqual([...cartPole.observationSpace.low], bounds(spec.observation_space.low, -Infinity))
  assert.deepEqual([...cartPole.observationSpace.high], bounds(spec.observation_space.high, Infinity))
})

test('reset(seed) draws Gymnasium’s start state and observation, exactly', () => {
  assert.ok(recording.resets.length >= 10)
  const env = makeEnv('CartPole-v1')
  for (const { seed, state, observation } of recording.resets) {
    const start = env.reset({ seed })
    assert.deepEqual([...env.state], state)
    assert.deepEqual([...start.observation], observation)
  }
})

for (const recorded of recording.cases) {
  // Row i is step stored[i]; where all steps are stored, the state before one is the state after the last.
  const stored = recorded.stored_steps ?? recorded.actions.map((_, i) => i + 1)
  const before = recorded.states_before ?? [recorded.initial_state, ...recorded.states.slice(0, -1)]

  test(`${recorded.name}: each recorded step`, () => {
    const env = makeEnv('CartPole-v1')
    assert.equal(stored.length, recorded.states.length)
    for (const [i, step] of stored.entries()) {
      env.reset({ seed: 0 })
      env.state = Float64Array.from(before[i])
      const { observation, reward, terminated } = env.step(recorded.actions[step - 1])
      assertState(env.state, recorded.states[i], `step ${step}`)
      assertObservation(observation, recorded.observations[i + 1], `step ${step}`)
      assert.equal(reward, recorded.rewards[i])
      assert.equal(terminated, step === recorded.terminated_at)
    }
  })

  if (recorded.policy) continue // open loop would be unstable
  test(`${recorded.name}: open loop`, () => {
    const env = makeEnv('CartPole-v1')
    env.reset({ seed: 0 })
    env.state = Float64Array.from(recorded.initial_state)
    for (const [i, action] of recorded.actions.entries()) {
      const { observation, reward, terminated, truncated } = env.step(action)
      assertState(env.state, recorded.states[i], `step ${i + 1}`)
      assertObservation(observation, recorded.observations[i + 1], `step ${i + 1}`)
      assert.equal(reward, recorded.rewards[i])
      assert.equal(terminated, i + 1 === recorded.terminated_at)
      assert.equal(truncated, i + 1 === recorded.truncated_at)
    }
  })
}

test('a recorded policy balances the pole until the time limit', () => {
  const recorded = recording.cases.find(({ policy }) => policy)
  assert.ok(recorded?.policy)
  const { k } = recorded.policy
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
