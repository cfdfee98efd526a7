import assert from 'node:assert/strict'
import { test } from 'node:test'
import { run } from '../rig.ts'

interface Measured {
  bytes: number
  transport: string
  algorithm: string
  np: number
  inPlace?: true
  p50us: number
  p99us: number
  busbwGBps: number
}

test('pporun bench allreduce --json: one row per size and way, and nothing else on stdout', async () => {
  const { status, stdout, stderr } = await run(['bench', 'allreduce', '-np', '2', '--sizes', '400', '--json'])
  assert.equal(status, 0, stderr)
  const rows = JSON.parse(stdout) as Measured[]
  const ways = new Set(
    rows.map(({ transport, algorithm, inPlace }) => `${transport} ${algorithm}${inPlace ? ' in place' : ''}`),
  )
  for (const way of ['zmq ring', 'zmq direct', 'zmq star']) assert.ok(ways.has(way), way)
  assert.equal(rows.length, ways.size)
  assert.match(stderr, /^auto takes /m)
  for (const { bytes, np, p50us, p99us, busbwGBps } of rows) {
    assert.ok(bytes === 400 && np === 2)
    assert.ok(p50us > 0 && p99us >= p50us)
    assert.ok(Math.abs(busbwGBps - bytes / p50us / 1000) <= 1e-9)
  }
})

test('pporun bench engine --json: a row per engine and number of rows', async () => {
  const { status, stdout, stderr } = await run([
    ...['bench', 'engine', '--engines', 'wasm', '--networks', 'mlp64', '--rows', '8,64', '--json'],
  ])
  assert.equal(status, 0, stderr)
  const rows = JSON.parse(stdout) as Record<string, number>[]
  assert.deepEqual(
    rows.map(({ engine, rows }) => [engine, rows]),
    [
      ['wasm', 8],
      ['wasm', 64],
    ],
  )
  for (const { gradients, average, adam, parameters, step, act8 } of rows) {
    assert.ok(Math.abs(step - gradients - average - adam - parameters) < 1e-6)
    assert.ok(act8 > 0)
  }
})

test('pporun bench env --json: a row per environment and number of them', async () => {
  const { status, stdout, stderr } = await run([
    ...['bench', 'env', '--env', 'CartPole-v1,Pendulum-v1', '--num-envs', '2', '--json'],
  ])
  assert.equal(status, 0, stderr)
  const rows = JSON.parse(stdout) as {
    env: string
    numEnvs: number
    nsPerStep: number
    stepsPerSecond: number
  }[]
  assert.deepEqual(
    rows.map(({ env, numEnvs }) => [env, numEnvs]),
    [
      ['CartPole-v1', 2],
      ['Pendulum-v1', 2],
    ],
  )
  for (const { nsPerStep, stepsPerSecond } of rows)
    assert.ok(nsPerStep > 0 && Math.abs(nsPerStep * stepsPerSecond - 1e9) < 1)
})

test('pporun bench ppo --json: a row per setting, whose parts add up', async () => {
  const words = ['--preset cleanrl', '--num-steps 32 --batch-size 64'].join(' ')
  const { status, stdout, stderr } = await run([
    'bench',
    'ppo',
    '-np',
    '2',
    '--seconds',
    '1',
    `--train=${words}`,
    '--json',
  ])
  assert.equal(status, 0, stderr)
  const [row] = JSON.parse(stdout) as Record<string, number>[]
  const { setting, np, engine, rows, update, stepsPerSecond, gain, apart, ...split } = row
  assert.deepEqual({ setting, np, rows }, { setting: words, np: 2, rows: 128 })
  assert.ok(Math.abs(stepsPerSecond * update - 1e6 * rows) < 1, String(engine))
  assert.ok(gain > 0 && apart > 0 && apart < 4)
  const parts = Object.values(split)
  assert.ok(parts.every(part => part > 0))
  assert.ok(Math.abs(parts.reduce((a, b) => a + b) - update) < 1e-6 * update)
})

test('mistakes: no subject, an unknown one, sizes that are no floats', async () => {
  for (const [words, message] of [
    [[], /^pporun: bench what\? pporun bench allreduce/],
    [['allreduc'], /did you mean allreduce\?/],
    [['env', '--num-envs', '0'], /--num-envs takes whole numbers from 1; got 0/],
    [['ppo', '--train=--num-steps 3'], /--batch-size 256 does not divide the rollout/],
    [['engine', '--rows', '6'], /--rows takes multiples of 4; got 6/],
    [['engine', '--engines', 'wasm,nativ'], /unknown engine 'nativ'/],
    [['allreduce', '--sizes', '5'], /--sizes takes bytes of float32, multiples of 4/],
    [['allreduce', 'more'], /unexpected 'more'/],
    [['allreduce', '--siezs', '4'], /did you mean --sizes\?/],
  ] as const) {
    const { status, stdout, stderr } = await run(['bench', ...words])
    assert.equal(status, 2)
    assert.equal(stdout, '')
    assert.match(stderr, message)
  }
})
