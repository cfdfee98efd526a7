import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { UsageError } from '../../src/base/errors.ts'
import { resolveConfig } from '../../src/options.ts'
import { checkWay } from '../../src/parallel/check.ts'
import { sizesOf } from '../../src/ppo/sizes.ts'
import { readJson, readLinesOf, run, temporaryFolder } from '../rig.ts'

/** One line of metrics.jsonl. */
type Update = Record<string, number>

test('actors and learners, also several, also with moments and a lag: every update of shards young enough', async t => {
  const folder = temporaryFolder(t)
  const normal = [
    '--env',
    'Pendulum-v1',
    '--num-steps',
    '32',
    '--normalize-observations',
    '--normalize-rewards',
  ]
  const ways: [np: number, options: string[], oldest: number][] = [
    [3, ['--max-staleness', '3'], 3],
    [5, ['--learners', '2', '--lag', '2', '--max-staleness', '4', ...normal], 6],
  ]
  for (const [np, options, oldest] of ways) {
    const out = join(folder, String(np))
    const words = ['-np', String(np), '--op-timeout', '20', '--out', out, 'train', '--parallelism', 'async']
    const { status, stderr } = await run([
      ...words,
      '--total-steps',
      '5120',
      '--update-epochs',
      '2',
      ...options,
    ])
    assert.equal(status, 0, stderr)
    const updates = readLinesOf<Update>(out, 'metrics.jsonl')
    assert.equal(updates.length, 20)
    for (const update of updates) assert.ok(update['staleness/max'] <= oldest, `${update['staleness/max']}`)
    const fields = readJson<Record<string, unknown>>(out, 'run.json')
    assert.equal(fields.reproducible, false)
    assert.equal(fields.updates, 20)
  }
})

test('what cannot be is refused with what can', () => {
  const refusals: [size: number, options: string[], message: RegExp][] = [
    [1, ['async'], /each of --learners 1 needs an actor; use -np 2 or more/],
    [3, ['async', '--learners', '2'], /each of --learners 2 needs an actor; use -np 4 or more/],
    [10, ['async'], /10 ranks, but only 8 shards/],
    [
      4,
      ['sampler', '--max-staleness', '3'],
      /--max-staleness belongs to --parallelism async or server, not sampler/,
    ],
    [
      4,
      ['allreduce', '--learners', '2'],
      /--learners belongs to --parallelism sampler or async, not allreduce/,
    ],
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
