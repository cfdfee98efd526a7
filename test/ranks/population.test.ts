import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { UsageError } from '../../src/base/errors.ts'
import { resolveConfig } from '../../src/options.ts'
import { checkWay } from '../../src/parallel/check.ts'
import { sizesOf } from '../../src/ppo/sizes.ts'
import { readJson, readLinesOf, run, temporaryFolder } from '../rig.ts'
import { hashInProcess } from './twin.ts'

const small = [
  ...['--parallelism', 'population', '--total-steps', '2560', '--update-epochs', '2', '--hidden', '8'],
  ...['--num-steps', '16', '--batch-size', '64', '--exploit-every', '4'],
]

test('the same twice, and whoever a member is made of', async () => {
  const expected = await hashInProcess(2, small)
  assert.equal(await hashInProcess(2, small), expected)
  assert.equal(await hashInProcess(4, [...small, '--members', '2']), expected)
  assert.notEqual(await hashInProcess(2, [...small, '--exploit-every', 'off']), expected)
})

interface RunFields {
  updates: number
  members: { learningRate: number }[]
  lineage: { update: number; member: number; parent: number; learningRate: number }[]
}

test('lineage is recorded, and a population goes on from its checkpoint', async t => {
  const out = join(temporaryFolder(t), 'run')
  const words = [
    '-np',
    '4',
    '--out',
    out,
    'train',
    ...small,
    '--checkpoint-every',
    '10',
    '--lr-schedule',
    'constant',
  ]
  const first = await run(words)
  assert.equal(first.status, 0, first.stderr)
  const { members, lineage } = readJson<RunFields>(out, 'run.json')
  assert.equal(members.length, 4)
  assert.ok(lineage.length >= 3) // at the end three of four, at the latest
  const updates = readLinesOf<Record<string, number>>(out, 'metrics.jsonl')
  for (const { update, member, parent, learningRate } of lineage) {
    assert.equal(updates[update - 1][`member/${member}/parent`], parent)
    assert.equal(updates[update - 1][`member/${member}/learning_rate`], learningRate)
  }
  const more = await run([...words, '--total-steps', '3840', '--resume', 'auto'])
  assert.equal(more.status, 0, more.stderr)
  assert.equal(readJson<RunFields>(out, 'run.json').updates, 30)
})

test('what cannot be is refused with what can', () => {
  const refusals: [size: number, options: string[], message: RegExp][] = [
    [1, [], /needs two members: use -np 2 or more/],
    [6, ['--members', '4'], /--members 4 does not divide 6 ranks; use -np 8/],
    [18, ['--members', '2'], /18 ranks, but only 8 shards/],
  ]
  for (const [size, way, message] of refusals) {
    const config = resolveConfig({}, ['--parallelism', 'population', ...way])
    assert.throws(
      () => checkWay(config, sizesOf(config).numShards, size),
      error => error instanceof UsageError && message.test(error.message),
      way.join(' '),
    )
  }
})
