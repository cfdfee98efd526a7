import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UsageError } from '../../src/base/errors.ts'
import { resolveConfig } from '../../src/options.ts'
import { checkWay } from '../../src/parallel/check.ts'
import { sizesOf } from '../../src/ppo/sizes.ts'
import { hashInProcess } from './twin.ts'

const small = ['--total-steps', '512', '--update-epochs', '2', '--batch-size', '128', '--hidden', '8']
const way = ['--parallelism', 'server', '--async']

test('with one worker nobody is ahead of anybody: the bits of allreduce, over any number of servers', async () => {
  for (const more of [[], ['--env', 'Pendulum-v1', '--num-steps', '32', '--max-grad-norm', '0.1']]) {
    const expected = await hashInProcess(1, [...small, ...more])
    for (const servers of [1, 3])
      assert.equal(
        await hashInProcess(1 + servers, [...small, ...more, ...way, '--servers', String(servers)]),
        expected,
        `${more} ${servers}`,
      )
  }
})

test('what cannot be is refused with what can', () => {
  const refusals: [size: number, options: string[], message: RegExp][] = [
    [1, ['server', '--async'], /--servers 1 of 1 ranks leave none that works; use -np 2 or more/],
    [4, ['allreduce', '--async'], /--async belongs to --parallelism server, not allreduce/],
    [
      4,
      ['server', '--max-staleness', '3'],
      /--max-staleness is for servers that wait for nobody: add --async/,
    ],
    [4, ['server', '--async', '--normalize-rewards'], /--async has no moments that all workers share/],
    [10, ['server', '--async'], /10 ranks, but only 8 shards/],
  ]
  for (const [size, words, message] of refusals) {
    const config = resolveConfig({}, ['--parallelism', ...words])
    assert.throws(
      () => checkWay(config, sizesOf(config).numShards, size),
      error => error instanceof UsageError && message.test(error.message),
      words.join(' '),
    )
  }
})
