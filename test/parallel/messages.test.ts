import assert from 'node:assert/strict'
import { test } from 'node:test'
import { layoutOf, type Network } from '../../src/engine/layout.ts'
import { resolveConfig } from '../../src/options.ts'
import {
  type Experience,
  experienceBytes,
  experienceOf,
  packExperience,
  unpackExperience,
} from '../../src/parallel/actors/experience.ts'
import { packPolicy, policyBytes, unpackPolicy } from '../../src/parallel/actors/policymessage.ts'
import { Rollout } from '../../src/ppo/rollout.ts'
import { sizesOf } from '../../src/ppo/sizes.ts'

const network: Network = {
  ...{ observationSize: 3, hidden: [4], activation: 'tanh' as const, sharedTrunk: false },
  ...{ distribution: 'gaussian' as const, numActions: 2 },
}

/** Two shards of two environments, every number another. */
function filled(start: number): Experience {
  const rollout = new Rollout(4, 4, network, 2, true)
  const experience = experienceOf(rollout)
  const { observations, actions, logProbs, rewards, finalValues } = rollout
  const { lastObservations, episodeReturns, episodeLengths } = experience
  let next = start
  const columns = [observations, actions, logProbs, rewards, finalValues, rollout.distributions!]
  for (const column of [...columns, lastObservations, episodeReturns, episodeLengths, rollout.terminated])
    for (let i = 0; i < column.length; i++) column[i] = next++ % 251
  for (const moments of [...rollout.observationMoments, ...rollout.rewardMoments]) {
    moments.count = next++
    moments.mean.fill(next++)
    moments.m2.fill(next++)
  }
  return experience
}

test('a shard arrives as it was sent, wherever it is put', () => {
  const sizes = sizesOf(
    resolveConfig({}, ['--num-envs', '4', '--num-steps', '4', '--batch-size', '8', '--shards', '2']),
  )
  const [sent, received] = [filled(1), filled(100)]
  const [first, second] = [packExperience(sent, 0, sizes), packExperience(sent, 1, sizes)]
  assert.equal(first.length, experienceBytes(sent, sizes))
  unpackExperience(first, received, 1, sizes)
  unpackExperience(second, received, 0, sizes)
  assert.deepEqual(packExperience(received, 1, sizes), first)
  assert.deepEqual(packExperience(received, 0, sizes), second)
  assert.notDeepEqual(first, second)
})

test('a policy arrives with its version and its normaliser, or without one', () => {
  const layout = layoutOf(network)
  const parameters = Float32Array.from({ length: layout.size }, (_, i) => i)
  const normalizer = { mean: Float64Array.of(1, 2, 3), scale: Float64Array.of(4, 5, 6), clip: 10 }
  for (const policy of [
    { version: 7, isLast: false, parameters, normalizer, rewardScale: 0.5 },
    { version: 9, isLast: true, parameters, normalizer: null, rewardScale: null },
  ]) {
    const message = packPolicy(policy, layout)
    assert.equal(message.length, policyBytes(layout))
    assert.deepEqual(unpackPolicy(message, layout), policy)
  }
})
