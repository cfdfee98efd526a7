/** Replays what Gymnasium recorded, with each environment. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { specOf } from '../../src/env/registry.ts'
import { makeEnv } from '../../src/env/single.ts'
import type { ActionSpace } from '../../src/env/spaces.ts'
import { assertObservation, assertState, recordingOf, storedSteps } from './recording.ts'

/** As the recording writes a space: infinite bounds are null. */
function asRecorded(space: ActionSpace): object {
  if (space.type === 'discrete') return { type: 'Discrete', n: space.n }
  const bounds = (values: Float32Array) => [...values].map(value => (Number.isFinite(value) ? value : null))
  const { shape, low, high } = space
  return { type: 'Box', shape, low: bounds(low), high: bounds(high), dtype: 'float32' }
}

/** One step from a recorded state. */
const STATE = 1e-12
const REWARD = 1e-9

/** Largest error of the state over a whole recorded episode; by case where one is unstable (balancing open loop). */
const OPEN_LOOP: Record<string, { state: number; unstable?: string[] }> = {
  'CartPole-v1': { state: 1e-12, unstable: ['balanced_to_truncation'] },
  'Pendulum-v1': { state: 1e-11 },
  'Acrobot-v1': { state: 1e-8 },
  'MountainCar-v0': { state: 1e-12 },
  'MountainCarContinuous-v0': { state: 0 },
}

for (const [id, openLoop] of Object.entries(OPEN_LOOP)) {
  const recording = recordingOf(id)

  test(`${id}: the spaces and the spec are Gymnasium’s`, () => {
    const { spec } = recording
    const { maxEpisodeSteps, rewardThreshold, observationSpace, actionSpace } = specOf(id)
    assert.equal(maxEpisodeSteps, spec.max_episode_steps)
    assert.equal(rewardThreshold, spec.reward_threshold)
    assert.deepEqual(asRecorded(observationSpace), spec.observation_space)
    assert.deepEqual(asRecorded(actionSpace), spec.action_space)
  })

  test(`${id}: reset(seed) draws Gymnasium’s start state and observation`, () => {
    assert.ok(recording.resets.length >= 10)
    const env = makeEnv(id)
    for (const { seed, state, observation } of recording.resets) {
      const start = env.reset({ seed })
      assert.deepEqual([...env.state], state)
      assertObservation(start.observation, observation, 0, `seed ${seed}`)
    }
  })

  test(`${id}: each recorded step`, () => {
    for (const recorded of recording.cases) {
      const { stored, before } = storedSteps(recorded)
      assert.equal(stored.length, recorded.states.length)
      const env = makeEnv(id)
      for (const [i, step] of stored.entries()) {
        const where = `${recorded.name}, step ${step}`
        env.reset({ seed: 0 })
        env.state = Float64Array.from(before[i])
        const { observation, reward, terminated } = env.step(recorded.actions[step - 1])
        assertState(env.state, recorded.states[i], STATE, where)
        assertObservation(observation, recorded.observations[i + 1], 0, where)
        assert.ok(Math.abs(reward - recorded.rewards[i]) <= REWARD, where)
        assert.equal(terminated, step === recorded.terminated_at, where)
      }
    }
  })

  test(`${id}: whole recorded episodes`, () => {
    for (const recorded of recording.cases) {
      if (openLoop.unstable?.includes(recorded.name)) continue
      const { stored } = storedSteps(recorded)
      const env = makeEnv(id)
      env.reset({ seed: 0 })
      env.state = Float64Array.from(recorded.initial_state)
      for (const [i, action] of recorded.actions.entries()) {
        const where = `${recorded.name}, step ${i + 1}`
        const { observation, reward, terminated, truncated } = env.step(action)
        assert.equal(terminated, i + 1 === recorded.terminated_at, where)
        assert.equal(truncated, i + 1 === recorded.truncated_at, where)
        const at = stored.indexOf(i + 1)
        if (at < 0) continue
        assertState(env.state, recorded.states[at], openLoop.state, where)
        assertObservation(observation, recorded.observations[at + 1], openLoop.state, where)
        assert.ok(Math.abs(reward - recorded.rewards[at]) <= Math.max(REWARD, 10 * openLoop.state), where)
      }
    }
  })
}
