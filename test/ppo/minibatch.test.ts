import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Minibatch } from '../../src/engine/engine.ts'
import { everybody } from '../../src/parallel/allreduce.ts'
import { defaultConfig } from '../../src/ppo/config.ts'
import { computeGae } from '../../src/ppo/gae.ts'
import { Minibatches } from '../../src/ppo/minibatch.ts'
import { Rollout } from '../../src/ppo/rollout.ts'
import { share } from '../../src/ppo/share.ts'
import { sizesOf } from '../../src/ppo/sizes.ts'
import { environmentsOf } from '../../src/ppo/strategy.ts'
import { inprocCommunicators } from '../ranks/twin.ts'

const config = { ...defaultConfig(), numEnvs: 12, numSteps: 10, batchSize: 60, shards: 6 }
const sizes = sizesOf(config)
const network = {
  observationSize: 1,
  hidden: [2],
  activation: 'tanh',
  sharedTrunk: false,
  distribution: 'categorical',
  numActions: 2,
} as const
const now = { learningRate: 1e-3, clipCoef: 0.2, entCoef: 0, klCoef: 0 }

/** What one rank sees of a pass: global row names per shard, and how advantages are normalised. */
interface Seen {
  rows: number[][]
  normalisation: { mean: number; divisor: number }[]
  episodes: object[]
}

/** A rollout whose rows can be told apart: the reward names (step, global environment). */
function rolloutOf(firstEnv: number, numEnvs: number): Rollout {
  const rollout = new Rollout(config.numSteps, numEnvs, network, numEnvs / sizes.envsPerShard, false)
  for (let t = 0; t < config.numSteps; t++)
    for (let n = 0; n < numEnvs; n++) {
      const row = t * numEnvs + n
      rollout.rewards[row] = t * 100 + firstEnv + n
      rollout.values[row] = ((t * 31 + (firstEnv + n) * 17) % 13) / 13
      if ((t + firstEnv + n) % 7 !== 0) continue
      rollout.terminated[row] = 1
      rollout.episodes.push({ t, env: firstEnv + n, return: t, length: t + 1 })
    }
  computeGae(rollout, 0.99, 0.95)
  return rollout
}

async function passOn(size: number): Promise<Seen> {
  const ranks = inprocCommunicators(size).map(async comm => {
    const strategy = everybody(comm, sizes.numShards)
    const { first: firstEnv, last } = environmentsOf(strategy.samples, sizes.envsPerShard)
    const numEnvs = last - firstEnv
    const rollout = rolloutOf(firstEnv, numEnvs)
    const shared = await share(strategy, rollout, sizes, false)
    const seen: Seen = { rows: [], normalisation: [], episodes: shared.episodes }
    for (const minibatch of new Minibatches(config, sizes, strategy).of(3, shared, now)) {
      seen.rows.push(namesOf(minibatch, rollout))
      seen.normalisation.push({ mean: minibatch.advantageMean, divisor: minibatch.advantageDivisor })
    }
    return seen
  })
  const all = await Promise.all(ranks)
  for (const { normalisation, episodes } of all)
    assert.deepEqual(
      { normalisation, episodes },
      { normalisation: all[0].normalisation, episodes: all[0].episodes },
    )
  return { ...all[0], rows: all[0].rows.map((_, k) => all.flatMap(({ rows }) => rows[k])) }
}

const namesOf = ({ indices }: Minibatch, rollout: Rollout): number[] =>
  [...indices].map(row => rollout.rewards[row])

test('minibatches hold the same rows in the same order, normalised alike, on any number of ranks', async () => {
  const one = await passOn(1)
  for (const size of [2, 3, 4, 6]) assert.deepEqual(await passOn(size), one)
})

test('a pass visits every row once, as many of each shard in each minibatch', async () => {
  const { rows } = await passOn(2)
  assert.equal(rows.length, 2)
  const all = rows.flat()
  assert.equal(new Set(all).size, config.numEnvs * config.numSteps)
  for (const minibatch of rows) {
    const shards = minibatch.map(name => Math.floor((name % 100) / sizes.envsPerShard))
    for (let shard = 0; shard < sizes.numShards; shard++)
      assert.equal(shards.filter(s => s === shard).length, sizes.minibatchRowsPerShard)
  }
})

test('episodes come in the order of steps, then environments', async () => {
  const { episodes } = await passOn(3)
  const keys = (episodes as { t: number; env: number }[]).map(({ t, env }) => t * 100 + env)
  assert.ok(keys.length > 5)
  assert.deepEqual(
    keys,
    keys.toSorted((a, b) => a - b),
  )
})
