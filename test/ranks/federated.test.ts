import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UsageError } from '../../src/base/errors.ts'
import { resolveConfig } from '../../src/options.ts'
import { checkWay } from '../../src/parallel/check.ts'
import { sizesOf } from '../../src/ppo/sizes.ts'
import { hashInProcess } from './twin.ts'

const small = ['--parallelism', 'federated', '--total-steps', '1024', '--update-epochs', '2', '--hidden', '8']
const poles = ['--client-envs', 'CartPole-v1:length=0.25,CartPole-v1,CartPole-v1:length=1']

test('masks do not show in a bit, whoever drops out', async () => {
  for (const more of [
    [],
    poles,
    ['--dropout', '0.4', '--client-shards', '5,1,1,1'],
    ['--local-updates', '3'],
  ]) {
    const options = [...small, ...more]
    assert.equal(
      await hashInProcess(4, [...options, '--secure']),
      await hashInProcess(4, options),
      more.join(' '),
    )
  }
})

test('what a client learns from is its own: environments, shards and who is heard all show', async () => {
  const ways = [[], poles, ['--client-shards', '5,1,1,1'], ['--dropout', '0.3'], ['--update-clip', '0.01']]
  const hashes = new Set<string>()
  for (const way of ways) hashes.add(await hashInProcess(4, [...small, ...way]))
  assert.equal(hashes.size, ways.length)
})

test('noise is nobody’s to repeat', async () => {
  const noisy = [...small, '--update-clip', '0.1', '--update-noise', '1']
  assert.notEqual(await hashInProcess(3, noisy), await hashInProcess(3, noisy))
})

test('what cannot be is refused with what can', () => {
  const refusals: [size: number, options: string[], message: RegExp][] = [
    [1, [], /needs two clients: use -np 2 or more/],
    [2, ['--secure'], /--secure hides a client among two others: use -np 3 or more/],
    [4, ['--client-shards', '4,4'], /--client-shards 4,4 must be 4 numbers, .* add up to --shards 8/],
    [4, ['--client-fraction', '0'], /--client-fraction 0 leaves no client in a round/],
    [4, ['--update-noise', '1'], /--update-noise is measured in --update-clip/],
    [4, ['--client-envs', 'Pendulum-v1'], /--client-envs Pendulum-v1 has other observations or actions/],
    [4, ['--client-envs', 'CartPole-v1:mass=2'], /CartPole-v1 takes length=X, half its pole/],
    [4, ['--normalize-observations'], /--normalize-observations would need what clients keep to themselves/],
    [9, [], /9 ranks, but only 8 shards/],
  ]
  for (const [size, way, message] of refusals) {
    const config = resolveConfig({}, ['--parallelism', 'federated', ...way])
    assert.throws(
      () => checkWay(config, sizesOf(config).numShards, size),
      error => error instanceof UsageError && message.test(error.message),
      way.join(' '),
    )
  }
})
