import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UsageError } from '../../src/base/errors.ts'
import { makeOptimizer } from '../../src/engine/select.ts'
import { resolveConfig, resumedConfig } from '../../src/options.ts'
import { checkWay } from '../../src/parallel/check.ts'
import { local } from '../../src/parallel/local.ts'
import type { Setting } from '../../src/parallel/way.ts'
import type { Parts } from '../../src/ppo/ppo.ts'
import { sizesOf } from '../../src/ppo/sizes.ts'
import { hashInProcess } from './twin.ts'
import { plainSgd, trainRanks } from './ways.ts'

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

test('local steps of plain descent, averaged after every minibatch, are steps of the averaged gradient', async () => {
  const options = [...small, '--learning-rate', '0.05']
  const way = ['--parallelism', 'local', '--average-every', '1', '--average', 'params']
  const sgd = (parts: Parts, setting: Omit<Setting, 'score'>) => {
    const inner = plainSgd(makeOptimizer(setting.engine))
    return setting.comm.size === 1 ? { ...parts, optimizer: inner } : { ...parts, ...local(setting, inner) }
  }
  const [expected] = (await trainRanks(1, options, null, sgd)).parameters
  const [begin] = (await trainRanks(1, [...options, '--learning-rate', '0'])).parameters
  // Three ranks hold 2, 3 and 3 of the shards: a mean that forgets the rows shows.
  const { parameters } = await trainRanks(3, [...options, ...way], null, sgd)
  for (const own of parameters) assert.deepEqual(own, parameters[0])
  const largest = (a: Float32Array, b: Float32Array) => Math.max(...a.map((x, i) => Math.abs(x - b[i])))
  assert.ok(largest(begin, expected) > 1e-3)
  const off = largest(parameters[0], expected)
  assert.ok(off < 1e-6, `${off}`)
})

const average = ['--parallelism', 'local', '--average-every']
for (const [size, way] of [
  [3, ['--parallelism', 'sampler']],
  [3, ['--parallelism', 'server', '--servers', '2']],
  [3, [...average, '3']],
  [3, [...average, '3', '--average', 'params']],
  [2, [...average, '2', '--average-unit', 'updates']],
] as const)
  test(`${way.slice(1).join(' ')}: goes on from a commit as if it had not stopped`, async () => {
    const options = [...small, '--total-steps', '768', '--checkpoint-every', '1', ...way]
    const whole = await trainRanks(size, options)
    assert.equal(whole.commits.length, 3)
    const rest = await trainRanks(size, options, whole.commits[0])
    assert.deepEqual(rest.parameters, whole.parameters)
    assert.deepEqual(rest.commits.at(-1), whole.commits.at(-1))
    // And with another number of ranks, if not with the same bits.
    const other = await trainRanks(4, options, whole.commits[0])
    assert.equal(other.commits.length, 2)
  })

test('ways with the same bits go on from each other, if a run is told to', async () => {
  const options = [...small, '--total-steps', '768', '--checkpoint-every', '1']
  const way = ['--parallelism', 'server', '--servers', '2']
  const { commits } = await trainRanks(3, [...options, ...way])
  const rest = await trainRanks(2, [...options, '--parallelism', 'sampler'], commits[0])
  assert.deepEqual(rest.commits.at(-1), commits.at(-1))
  const kept = resolveConfig({}, [...options, ...way])
  const goOn = (words: string[]) => resumedConfig(kept, {}, ['--resume', 'auto', ...words]).parallelism
  assert.equal(goOn(['--parallelism', 'sampler', '--servers', '1']), 'sampler')
  assert.throws(
    () => goOn(['--parallelism', 'local']),
    /cannot go on with --parallelism local \(it has server\)/,
  )
})

test('what cannot be is refused with what can', () => {
  const refusals: [size: number, options: string[], message: RegExp][] = [
    [1, ['sampler'], /--learners 1 of 1 ranks leave none that samples; use -np 2 or more/],
    [4, ['sampler', '--learners', '4'], /--learners 4 of 4 ranks leave none that samples; use -np 5 or more/],
    [1, ['server'], /--servers 1 of 1 ranks leave none that works; use -np 2 or more/],
    [4, ['sampler', '--servers', '2'], /--servers belongs to --parallelism server, not sampler/],
    [20, ['sampler', '--learners', '9'], /--learners 9, but only 8 shards .*; use --learners 8 or fewer/],
    [
      6,
      ['model', '--model-parallel', '4'],
      /--model-parallel 4 does not divide 6 ranks; use --model-parallel 3/,
    ],
    [
      6,
      ['model', '--hidden', '64,4'],
      /a layer of 4 cannot be divided between 6 ranks; use --model-parallel 3/,
    ],
    [2, ['model', '--env', 'Catch-v0'], /--encoder small: convolutions cannot be divided/],
    [
      18,
      ['model', '--model-parallel', '2', '--shards', '4'],
      /9 teams, but only 4 shards; use -np 8 or fewer/,
    ],
    [2, ['local', '--target-kl', '0.01'], /--target-kl cannot stop them together; use --kl-target/],
    [
      4,
      ['allreduce', '--learners', '2'],
      /--learners belongs to --parallelism sampler or async, not allreduce/,
    ],
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

test('an engine that cannot divide a network is refused', async () => {
  const way = ['--parallelism', 'model', '--engine', 'reference']
  await assert.rejects(
    trainRanks(2, [...small, ...way]),
    error => error instanceof UsageError && /the reference engine has no divided layers/.test(error.message),
  )
})
