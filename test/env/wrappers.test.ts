import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Environment, ResetResult, StepResult } from '../../src/env/environment.ts'
import { NormalizeObservation, NormalizeReward } from '../../src/env/normalizing.ts'
import { box } from '../../src/env/spaces.ts'
import {
  FrameStackObservation,
  RecordEpisodeStatistics,
  RepeatAction,
  TimeLimit,
} from '../../src/env/wrappers.ts'
import { readData } from '../data.ts'
import { Path } from './walk.ts'

interface Episode {
  first: number[]
  steps: [observation: number[], reward: number, terminated: boolean, truncated: boolean][]
}

/** Plays recorded episodes, whatever the actions. */
class Scripted implements Environment {
  observationSpace = box([-1e3, -1e3, -1e3], [1e3, 1e3, 1e3])
  actionSpace = { type: 'discrete', n: 2 } as const
  readonly #episodes: Episode[]
  #episode = -1
  #step = 0

  constructor(episodes: Episode[]) {
    this.#episodes = episodes
  }

  reset(): ResetResult {
    this.#episode = (this.#episode + 1) % this.#episodes.length
    this.#step = 0
    return { observation: this.#episodes[this.#episode].first, info: {} }
  }

  step(): StepResult {
    const [observation, reward, terminated, truncated] = this.#episodes[this.#episode].steps[this.#step++]
    return { observation, reward, terminated, truncated, info: {} }
  }
}

interface Recorded {
  single: { episodes: Episode[]; log: { event: string; obs: number[]; reward?: number }[] }[]
}

test('normalised observations and rewards are Gymnasium’s', () => {
  // Gymnasium keeps the moments of float32 observations in float32, these are float64: so many digits are equal.
  const near = (actual: number, expected: number) =>
    assert.ok(Math.abs(actual - expected) <= 2e-4 * Math.max(1, Math.abs(expected)), `${actual}, ${expected}`)
  for (const { episodes, log } of readData<Recorded>('gymnasium/wrappers.json').single) {
    const env = new NormalizeReward(new NormalizeObservation(new Scripted(episodes)))
    for (const { event, obs, reward } of log) {
      const result = event === 'reset' ? env.reset() : env.step(0)
      for (const [k, value] of obs.entries()) near(result.observation[k], value)
      if (reward !== undefined) assert.ok(Math.abs((result as StepResult).reward - reward) < 1e-9)
    }
  }
})

test('a time limit truncates, leaves terminated alone and counts each episode from zero', () => {
  const env = new TimeLimit(new Path(), 3)
  for (let episode = 0; episode < 2; episode++) {
    env.reset({ seed: 0 })
    assert.deepEqual(
      [1, 1, 1].map(action => env.step(action).truncated),
      [false, false, true],
    )
  }
})

test('a repeated action adds the rewards up and stops at an end', () => {
  const env = new RepeatAction(new Path(), 4)
  const start = env.reset({ seed: 0 }).observation[0]
  assert.ok(Math.abs(env.step(1).reward - (4 * start + 0.3 * 10)) < 1e-9)
  const { terminated, observation } = [1, 1].map(action => env.step(action))[1]
  assert.ok(terminated && observation[1] < 12)
})

test('stacked frames: the first fills them all, then the newest is last', () => {
  const env = new FrameStackObservation(new Path(), 3)
  assert.deepEqual(env.observationSpace.shape, [3, 2])
  const places = ({ observation }: ResetResult) => [observation[1], observation[3], observation[5]]
  assert.deepEqual(places(env.reset({ seed: 0 })), [0, 0, 0])
  assert.deepEqual(places(env.step(1)), [0, 0, 1])
  assert.deepEqual([1, 1].map(action => places(env.step(action)))[1], [1, 2, 3])
})

test('the step that ends an episode says what it came to', () => {
  const env = new RecordEpisodeStatistics(new TimeLimit(new Path(), 2))
  env.reset({ seed: 0 })
  const [first, second] = [env.step(1), env.step(1)]
  assert.deepEqual(first.info, {})
  assert.deepEqual(second.info.episode, { r: first.reward + second.reward, l: 2 })
})

test('wrappers save and load with what they wrap', () => {
  const make = () =>
    new NormalizeReward(new NormalizeObservation(new FrameStackObservation(new TimeLimit(new Path(), 9), 2)))
  const [env, copy] = [make(), make()]
  env.reset({ seed: 1 })
  for (let t = 0; t < 5; t++) env.step(t % 2)
  copy.load!(env.save!())
  for (let t = 0; t < 4; t++) assert.deepEqual(copy.step(1), env.step(1))
})
