import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UsageError } from '../../src/base/errors.ts'
import { resolveConfig } from '../../src/options.ts'
import { checkWay } from '../../src/parallel/check.ts'
import { sizesOf } from '../../src/ppo/sizes.ts'
import { hashInProcess } from './twin.ts'

const small = ['--total-steps', '512', '--update-epochs', '2', '--batch-size', '128']
/** What else could show who does what: continuous actions, moments, a penalty and a rate that follow the KL, a stop. */
const every = [
  ...['--env', 'Pendulum-v1', '--num-steps', '32', '--total-steps', '512', '--update-epochs', '2'],
  ...['--normalize-observations', '--normalize-rewards', '--kl-target', '0.01', '--kl-coef', '1'],
  ...['--lr-schedule', 'kl', '--target-kl', '0.02'],
]

for (const [name, options] of Object.entries({ small, every }))
  test(`${name}: who samples and who learns does not show in a bit`, async () => {
    const expected = await hashInProcess(1, options)
    const ways: [size: number, options: string[]][] = [
      [2, ['sampler']],
      [4, ['sampler', '--learners', '2']],
      [5, ['sampler']],
      [5, ['sampler', '--learners', '3']],
      [2, ['server']],
      [4, ['server', '--servers', '3']],
      [5, ['server']],
      [5, ['server', '--servers', '2']],
    ]
    for (const [size, way] of ways)
      assert.equal(
        await hashInProcess(size, [...options, '--parallelism', ...way]),
        expected,
        `${size} ranks: ${way.join(' ')}`,
      )
  })

test('what cannot be is refused with what can', () => {
  const refusals: [size: number, options: string[], message: RegExp][] = [
    [1, ['sampler'], /--learners 1 of 1 ranks leave none that samples; use -np 2 or more/],
    [4, ['sampler', '--learners', '4'], /--learners 4 of 4 ranks leave none that samples; use -np 5 or more/],
    [1, ['server'], /--servers 1 of 1 ranks leave none that works; use -np 2 or more/],
    [4, ['sampler', '--servers', '2'], /--servers belongs to --parallelism server, not sampler/],
    [4, ['allreduce', '--learners', '2'], /--learners belongs to --parallelism sampler, not allreduce/],
    [10, ['sampler'], /10 ranks, but only 8 shards .*: use -np 9 or fewer/],
  ]
  for (const [size, way, message] of refusals) {
    const config = resolveConfig({}, ['--parallelism', ...way])
    assert.throws(
      () => checkWay(config, sizesOf(config).numShards, size),
      error => error instanceof UsageError && message.test(error.message),
      way.join(' '),
    )
  }
})
