/** A whole training run through the real command: its files, what it prints, and what reads it afterwards. */
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Evaluation, TrainResult } from '../../src/index.ts'
import { type Ended, readJson, run, script, temporaryFolder } from '../rig.ts'

const STEPS = 2048

interface RunFile extends Omit<TrainResult, 'folder'> {
  status: string
  np: number
  hosts: string[]
  launcher: { host: string; pid: number; startTime: string }
  wallSeconds: number
  seed: number
  engine: string
  device: string
  transport: string
  allreduce: string
  reduction: string
  shards: number
  config: Record<string, unknown>
  versions: { pporun: string; node: string }
}

describe('pporun -np 2 --out DIR train', () => {
  const parent = mkdtempSync(join(tmpdir(), 'pporun-test-'))
  const out = join(parent, 'run')
  let ended: Ended
  let file: RunFile

  before(async () => {
    ended = await run(['-np', '2', '--out', out, 'train', '--total-steps', String(STEPS), '--seed', '5'])
    assert.equal(ended.status, 0, ended.stderr)
    file = readJson<RunFile>(out, 'run.json')
  })
  after(() => rmSync(parent, { recursive: true }))

  test('its folder holds what the contract names, and nothing half-written', () => {
    const names = readdirSync(out, { recursive: true, encoding: 'utf8' })
    const expected = [
      'run.json',
      'metrics.jsonl',
      'checkpoints/2048/checkpoint.json',
      'checkpoints/2048/parameters.safetensors',
      'logs/rank.0.log',
    ]
    for (const name of expected) assert.ok(names.includes(name), `${name} in ${names}`)
    assert.deepEqual(
      names.filter(name => name.endsWith('.tmp')),
      [],
    )
    assert.equal(readlinkSync(join(out, 'checkpoints', 'latest')), '2048')
  })

  test('run.json says what ran, where, and what came of it', () => {
    const { status, np, hosts, seed, engine, device, transport, allreduce, reduction, shards } = file
    assert.deepEqual([status, np, hosts, seed, shards], ['completed', 2, [hostname()], 5, 8])
    assert.deepEqual([transport, allreduce, reduction], ['shm', 'hierarchical', 'exact'])
    for (const name of [engine, device]) assert.ok(typeof name === 'string' && name !== '')
    assert.deepEqual(file.versions, {
      pporun: readJson<{ version: string }>(join(import.meta.dirname, '../../..'), 'package.json').version,
      node: process.version,
    })
    assert.equal(file.launcher.host, hostname())
    assert.deepEqual([file.globalSteps, file.updates], [STEPS, 8])
    assert.match(file.paramsHash, /^[0-9a-f]{16,}$/)
    assert.ok(file.episodes > 0 && file.meanReturn100! > 0)
    assert.ok(file.sps > 0 && STEPS / file.sps < file.wallSeconds)
    assert.ok(file.wallSeconds < ended.seconds)
    assert.equal(file.evaluation.episodes, 100)
  })

  test('its configuration is complete: every field, as it was used', () => {
    const { config } = file
    assert.deepEqual([config.env, config.seed, config.totalSteps], ['CartPole-v1', 5, STEPS])
    for (const name of 'numEnvs numSteps batchSize updateEpochs learningRate lrSchedule gamma gaeLambda clipCoef clipSchedule valueClip entCoef vfCoef maxGradNorm targetKl normalizeAdvantages hidden activation engine shards'.split(
      ' ',
    ))
      assert.ok(config[name] !== undefined, name)
  })

  test('metrics.jsonl has a line per update under CleanRL’s names', () => {
    const text = readFileSync(join(out, 'metrics.jsonl'), 'utf8')
    assert.ok(text.endsWith('\n'))
    const lines = text
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line) as Record<string, number | null>)
    assert.deepEqual(
      lines.map(({ update }) => update),
      [1, 2, 3, 4, 5, 6, 7, 8],
    )
    assert.deepEqual(
      lines.map(({ steps }) => steps),
      [1, 2, 3, 4, 5, 6, 7, 8].map(n => 256 * n),
    )
    const names =
      'seconds charts/SPS charts/episodic_return charts/learning_rate losses/policy_loss losses/value_loss losses/entropy losses/approx_kl losses/clipfrac losses/explained_variance time/sample time/learn time/allreduce'
    for (const line of lines)
      for (const name of names.split(' ')) assert.ok(Number.isFinite(line[name]), `${name}: ${line[name]}`)
    assert.ok(
      Math.abs(lines[0]['losses/entropy']! - Math.LN2) < 0.01,
      'two actions, at first about as likely',
    )
    assert.equal(lines[0]['charts/learning_rate'], 1e-3)
    assert.ok(lines[7]['losses/entropy']! < lines[0]['losses/entropy']!)
  })

  test('stdout is the summary, and rank 0’s log holds it', () => {
    const { stdout } = ended
    const { meanReturn, stdReturn } = file.evaluation
    const lines = stdout.trimEnd().split('\n')
    assert.equal(lines.length, 5, stdout)
    assert.equal(
      lines[0],
      `evaluation   ${meanReturn.toFixed(1)} +- ${stdReturn.toFixed(1)} over 100 episodes`,
    )
    assert.match(lines[1], /^speed {8}[\d ]+ steps\/s \(2 048 steps in \d+ s\)$/)
    assert.match(lines[2], /^time {9}us per update: act [\d ]+, environment [\d ]+, .*; other [\d ]+$/)
    assert.equal(lines[3], `parameters   ${file.paramsHash}`)
    assert.equal(lines[4], `results      ${relative(tmpdir(), out)}`) // as seen from where the command ran
    assert.equal(readFileSync(join(out, 'logs', 'rank.0.log'), 'utf8'), stdout)
  })

  test('stderr is the choice of engine and progress, without a terminal a plain line now and then', () => {
    const lines = ended.stderr.trimEnd().split('\n')
    assert.match(
      lines.shift()!,
      /^pporun: engine (native|wasm) on \w+ CPU: the fastest here for small networks/,
    )
    assert.ok(lines.length <= 2 + ended.seconds / 10, ended.stderr)
    for (const line of lines)
      assert.match(line, /\d+ %.*\/2 048 steps {2}[\d ]+ SPS {2}return .* ETA .* allreduce \d+ %$/)
    assert.match(lines.at(-1)!, /100 % .*2 048\/2 048 steps/)
    assert.ok(!ended.stderr.includes('\x1b'))
  })

  test('pporun eval --json prints one object and nothing else, the same for the same seed', async () => {
    const evaluations = await Promise.all(
      [['--seed', '1'], ['--seed', '1'], ['--seed', '2'], []].map(words =>
        evaluation([out, '--json', '--episodes', '20', ...words]),
      ),
    )
    const [a, b, c, d] = evaluations
    assert.deepEqual(Object.keys(a), [
      'episodes',
      'meanReturn',
      'stdReturn',
      'minReturn',
      'maxReturn',
      'meanLength',
    ])
    assert.equal(a.episodes, 20)
    assert.ok(a.minReturn <= a.meanReturn && a.meanReturn <= a.maxReturn && a.stdReturn >= 0)
    assert.equal(a.meanLength, a.meanReturn, 'a reward of one per step')
    assert.deepEqual(a, b)
    assert.notDeepEqual(a, c)
    assert.notDeepEqual(a, d)
  })

  test('pporun eval of the run, of its checkpoint and of latest is the run’s own evaluation', async () => {
    const paths = [out, join(out, 'checkpoints', '2048'), join(out, 'checkpoints', 'latest')]
    for (const path of paths) assert.deepEqual(await evaluation([path, '--json']), file.evaluation)
    const { stdout } = await run(['eval', out])
    assert.match(stdout, /^return [\d.]+ \+- [\d.]+ over 100 episodes \(\d+ to \d+\), mean length [\d.]+\n$/)
  })

  test('evaluate() and loadPolicy() give a script the same policy', async t => {
    const path = script(
      temporaryFolder(t),
      `import { evaluate, loadPolicy, makeEnv } from 'pporun'
const folder = process.argv[2]
const policy = loadPolicy(folder)
const env = makeEnv(policy.env)
policy.reset()
let { observation } = env.reset({ seed: 0 })
let total = 0
for (let done = false; !done; ) {
  const step = env.step(await policy.act(observation))
  observation = step.observation
  total += step.reward
  done = step.terminated || step.truncated
}
console.log(JSON.stringify({ total, env: policy.env, evaluation: await evaluate(folder, { episodes: 20, seed: 1 }) }))
`,
    )
    const { stdout, stderr, status } = await run(['--quiet', path, out])
    assert.equal(status, 0, stderr)
    const printed = JSON.parse(stdout) as { total: number; env: string; evaluation: Evaluation }
    assert.equal(printed.env, 'CartPole-v1')
    assert.ok(printed.total >= 5 && printed.total <= 500)
    assert.deepEqual(printed.evaluation, await evaluation([out, '--json', '--episodes', '20', '--seed', '1']))
  })

  test('the folder is not taken again', async () => {
    const { status, stderr } = await run(['--out', out, 'train', '--total-steps', '256'])
    assert.equal(status, 2)
    assert.match(stderr, /is not empty/)
    assert.deepEqual(readJson<RunFile>(out, 'run.json'), file)
  })
})

async function evaluation(words: string[]): Promise<Evaluation> {
  const { stdout, stderr, status } = await run(['eval', ...words])
  assert.equal(status, 0, stderr)
  assert.equal(stderr, '')
  assert.equal(stdout.trimEnd().split('\n').length, 1)
  return JSON.parse(stdout) as Evaluation
}
