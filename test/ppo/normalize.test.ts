import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addVector, mergeVectors, type VectorMoments, vectorMoments } from '../../src/base/math/moments.ts'
import {
  normalizedReward,
  normalizeRows,
  observationNormalizer,
  rewardScale,
} from '../../src/ppo/normalize.ts'
import { Running } from '../../src/ppo/running.ts'
import { readData } from '../data.ts'
import { allNear, near } from '../engine/near.ts'

interface Recorded {
  name: string
  kind: 'chan' | 'obs' | 'reward'
  semantics: string
}

interface ChanCase extends Recorded {
  shards: number[][][]
  total: { count: number; mean: number[]; m2: number[] }
}

interface ObservationCase extends Recorded {
  prior_count: number
  clip: number
  rollout_steps: number
  observations: number[][][] // [T + 1, N, obs], the reset's first
  normalised: number[][][]
}

interface RewardCase extends Recorded {
  prior_count: number
  clip: number
  gamma: number
  rollout_steps: number
  rewards: number[][] // [T, N]
  terminated: number[][]
  truncated: number[][]
  normalised: number[][]
}

const { cases } = readData<{ cases: Recorded[] }>('torch/normalisers.json')
const of = <T extends Recorded>(kind: T['kind']) => cases.filter(recorded => recorded.kind === kind) as T[]

function momentsOf(rows: number[][], size: number): VectorMoments {
  const moments = vectorMoments(size)
  for (const row of rows) addVector(moments, Float64Array.from(row), 0)
  return moments
}

/** Before anything is known: some count of mean 0 and variance 1. */
const prior = (size: number, count: number): VectorMoments => ({
  count,
  mean: new Float64Array(size),
  m2: new Float64Array(size).fill(count),
})

for (const { name, shards, total } of of<ChanCase>('chan'))
  test(`${name}: moments of unequal and empty shards merge to those of all rows`, () => {
    const merged = vectorMoments(total.mean.length)
    for (const rows of shards) mergeVectors(merged, momentsOf(rows, total.mean.length))
    assert.equal(merged.count, total.count)
    for (const [k, mean] of total.mean.entries())
      near(merged.mean[k], mean, 1e-10 * Math.max(1, Math.abs(mean)))
    for (const [k, m2] of total.m2.entries()) near(merged.m2[k], m2, 1e-10 * m2)
  })

for (const recorded of of<ObservationCase>('obs'))
  test(`${recorded.name}: observations as recorded`, () => {
    const { observations, normalised, clip, semantics, rollout_steps: steps } = recorded
    const size = observations[0][0].length
    const moments = prior(size, recorded.prior_count)
    let seen: number[][] = []
    for (const [t, rows] of normalised.entries()) {
      if (semantics === 'per-step') mergeVectors(moments, momentsOf(observations[t], size))
      const out = new Float64Array(rows.length * size)
      normalizeRows(observationNormalizer(moments, clip), Float64Array.from(observations[t].flat()), out)
      allNear(out, rows.flat(), 1e-12)
      seen.push(...observations[t])
      if (semantics !== 'frozen' || (t + 1) % steps !== 0) continue
      mergeVectors(moments, momentsOf(seen, size))
      seen = []
    }
  })

for (const recorded of of<RewardCase>('reward').filter(({ name }) => !name.includes('gymnasium')))
  test(`${recorded.name}: rewards as recorded`, () => {
    const { rewards, terminated, truncated, normalised, gamma, clip, semantics } = recorded
    const running = new Running(rewards[0].length)
    const moments = prior(1, recorded.prior_count)
    const fresh = vectorMoments(1)
    for (const [t, row] of rewards.entries()) {
      row.forEach((reward, env) => {
        running.add(env, reward, gamma)
        addVector(fresh, running.discounted, env)
      })
      if (semantics === 'per-step') take(moments, fresh)
      const scaled = row.map(reward => normalizedReward(reward, rewardScale(moments), clip))
      allNear(scaled, normalised[t], 1e-12)
      row.forEach((_, env) => {
        if (terminated[t][env] || truncated[t][env]) running.end(env)
      })
      if (semantics === 'frozen' && (t + 1) % recorded.rollout_steps === 0) take(moments, fresh)
    }
  })

function take(moments: VectorMoments, fresh: VectorMoments): void {
  mergeVectors(moments, fresh)
  Object.assign(fresh, vectorMoments(1))
}
