import assert from 'node:assert/strict'
import { test } from 'node:test'
import { resolveConfig } from '../../src/options.ts'
import { presets } from '../../src/ppo/presets.ts'
import { sizesOf } from '../../src/ppo/sizes.ts'
import { hashInProcess } from './twin.ts'

/** Two updates of two minibatches, so that state of the first reaches the second. */
function small(words: readonly string[]): string[] {
  const { numEnvs } = resolveConfig({}, words)
  const sizes = ['--num-steps', '6', '--batch-size', String(numEnvs * 3), '--update-epochs', '2']
  return [...words, ...sizes, '--total-steps', String(numEnvs * 12)]
}

/** One hash for any number of ranks and both kernels; 3 divides none of the numbers of shards. */
const seen = new Map<string, string>()

async function checkBits(words: readonly string[]): Promise<void> {
  const options = small(words)
  const { numShards } = sizesOf(resolveConfig({}, options))
  const runs = [
    ['native', 1],
    ['wasm', 2],
    ['native', 3],
    ['wasm', numShards],
  ] as const
  const hashes = []
  for (const [engine, np] of runs.filter(([, np]) => np <= numShards))
    hashes.push(await hashInProcess(np, [...options, '--engine', engine]))
  assert.equal(new Set(hashes).size, 1, `${words.join(' ')}: ${hashes}`)
  const same = seen.get(hashes[0])
  assert.equal(same, undefined, `${words.join(' ')} is ${same}: an option has no effect`)
  seen.set(hashes[0], words.join(' '))
}

/** Without convolutions, which the kernels have not: Catch-v0 then is a task of numbers. */
for (const name of Object.keys(presets))
  test(`preset ${name}: one hash`, () => checkBits(['--preset', name, '--encoder', 'none']))

test('convolutions: one hash', async () => {
  const words = small(['--preset', 'Catch-v0', '--encoder', 'small', '--hidden', '8', '--num-envs', '4'])
  const hashes = [1, 2, 3].map(np => hashInProcess(np, [...words, '--engine', 'reference']))
  assert.equal(new Set(await Promise.all(hashes)).size, 1)
})

/** The alternatives that no preset takes, on a discrete and a continuous environment. */
const alternatives = [
  '--normalize-advantages batch --value-clip 0.1 --value-clip-mode replace',
  '--normalize-advantages none --value-loss huber --shared-trunk --activation relu --hidden 16,16',
  '--clip-coef off --kl-coef 0.5 --ent-schedule linear --activation elu',
  '--kl-target 0.0001 --lr-schedule kl --kl-coef 0.1',
  '--kl-target 0.0001 --target-kl 0.00001 --normalize-observations --normalize-rewards',
  '--lr-schedule kl --shards 4 --gae-lambda 1 --max-grad-norm 0.01',
]

for (const env of ['CartPole-v1', 'Pendulum-v1'])
  for (const options of alternatives)
    test(`${env} ${options}: one hash`, () => checkBits(['--env', env, ...options.split(' ')]))
