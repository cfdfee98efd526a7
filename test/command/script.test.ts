/** The user's own script under the real command: where it runs, what it is given, where its runs go. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readJson, run, script, temporaryFolder } from '../rig.ts'

interface RunFile {
  status: string
  np: number
  seed: number
  globalSteps: number
}

/** Prints what a rank knows of itself; no training. */
const report = `
import { connect } from 'pporun'
const comm = await connect()
const { rank, size, localRank, localSize } = comm
const env = { MARK: process.env.MARK, rank: process.env.PPORUN_RANK, size: process.env.PPORUN_SIZE }
console.log(JSON.stringify({ rank, size, localRank, localSize, env, cwd: process.cwd(), argv: process.argv.slice(2) }))
console.error('on stderr of ' + rank)
await comm.close()
`

interface Report {
  rank: number
  size: number
  localRank: number
  localSize: number
  env: { MARK?: string; rank: string; size: string }
  cwd: string
  argv: string[]
}

const reports = (stdout: string) =>
  stdout
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line.replace(/^\[\d+\] /, '')) as Report)
    .sort((a, b) => a.rank - b.rank)

test('every rank knows who it is, and gets the environment, the folder and the words of the command', async t => {
  const [home, wdir] = [temporaryFolder(t), temporaryFolder(t)]
  const words = [
    '--tag-output',
    '-np',
    '3',
    '-x',
    'MARK=a=b c',
    '--wdir',
    wdir,
    script(home, report),
    '--mine',
    '-np',
    'two words',
    '',
  ]
  const { status, stdout, stderr } = await run(words)
  assert.equal(status, 0, stderr)
  const all = reports(stdout)
  assert.deepEqual(
    all.map(({ rank, size, localRank, localSize }) => [rank, size, localRank, localSize]),
    [0, 1, 2].map(rank => [rank, 3, rank, 3]),
  )
  for (const { env, rank, cwd, argv } of all) {
    assert.deepEqual(env, { MARK: 'a=b c', rank: String(rank), size: '3' })
    assert.equal(cwd, realpathSync(wdir))
    assert.deepEqual(argv, ['--mine', '-np', 'two words', ''])
  }
  assert.deepEqual(readdirSync(wdir), [])
})

test('a script given by its path from elsewhere runs in the folder of the command', async t => {
  const cwd = temporaryFolder(t)
  const { stdout } = await run([script(temporaryFolder(t), report)], { cwd, env: { MARK: 'inherited' } })
  const [{ cwd: where, env, size }] = reports(stdout)
  assert.equal(where, realpathSync(cwd))
  assert.deepEqual([env.MARK, size], ['inherited', 1])
  assert.deepEqual(readdirSync(cwd), [], 'a script that never trains makes no run')
})

test('a script that only connects gets logs and run.json in --out', async t => {
  const out = join(temporaryFolder(t), 'run')
  const { status } = await run(['-np', '2', '--out', out, script(temporaryFolder(t), report)])
  assert.equal(status, 0)
  const { status: word, np } = readJson<RunFile>(out, 'run.json')
  assert.deepEqual([word, np], ['completed', 2])
  for (const rank of [0, 1]) {
    const log = readFileSync(join(out, 'logs', `rank.${rank}.log`), 'utf8')
    assert.ok(log.includes(`"rank":${rank},`) && log.includes(`on stderr of ${rank}\n`), log)
  }
})

/** Says its own part: `label` shows which call's options won. */
const twice = `
import { train } from 'pporun'
console.log('before the first')
const a = await train({ totalSteps: 256, seed: 1 })
console.log('between')
const b = await train({ totalSteps: 512, seed: 1, argv: false })
console.log(JSON.stringify([a.folder, b.folder, a.globalSteps, b.globalSteps]))
`

test('train() takes the options after the script, a second one writes to DIR-2', async t => {
  const parent = temporaryFolder(t)
  const out = join(parent, 'run')
  const path = script(parent, twice)
  const { status, stdout, stderr } = await run(['-np', '2', '--out', out, path, '--seed', '9'])
  assert.equal(status, 0, stderr)
  assert.ok(stdout.includes(JSON.stringify([out, `${out}-2`, 256, 512])), stdout)
  const files = [out, `${out}-2`].map(folder => readJson<RunFile>(folder, 'run.json'))
  assert.deepEqual(
    files.map(file => [file.status, file.seed, file.globalSteps]),
    [
      ['completed', 9, 256],
      ['completed', 1, 512],
    ],
  )
  const [first, second] = [out, `${out}-2`].map(folder =>
    readFileSync(join(folder, 'logs', 'rank.0.log'), 'utf8'),
  )
  assert.match(first, /^before the first\n/)
  assert.ok(!second.includes('before the first'))
})

test('steps are rounded up to whole updates, and said', async t => {
  const out = join(temporaryFolder(t), 'run')
  const { stdout } = await run(['--out', out, 'train', '--total-steps', '300'])
  assert.match(stdout, /^300 steps .*512.* whole updates$/m)
  assert.equal(readJson<RunFile>(out, 'run.json').globalSteps, 512)
})

test('without --out a run goes to runs/<script>-<date>-<time>', async t => {
  const cwd = temporaryFolder(t)
  mkdirSync(join(cwd, 'sub'))
  const path = script(
    join(cwd, 'sub'),
    `import { train } from 'pporun'\nawait train({ totalSteps: 256 })\n`,
    'my.job.ts',
  )
  const { status, stderr } = await run(['-np', '2', path], { cwd })
  assert.equal(status, 0, stderr)
  const [name, ...others] = readdirSync(join(cwd, 'runs'))
  assert.match(name, /^my\.job-\d{8}-\d{6}$/)
  assert.deepEqual(others, [])
})

test('communicators are closed in any order', async t => {
  const body = `
import { connect } from 'pporun'
const first = await connect({ transport: 'zmq' })
const second = await connect()
await second.close()
const x = Float64Array.of(first.rank)
await first.allreduce(x)
if (x[0] !== 1) throw new Error('sum ' + x[0])
await first.close()
`
  const { status, stderr } = await run(['-np', '2', script(temporaryFolder(t), body)])
  assert.equal(status, 0, stderr)
})

test('--wdir does not move a relative --out', async t => {
  const [cwd, wdir] = [temporaryFolder(t), temporaryFolder(t)]
  const words = ['--out', 'run', '--wdir', wdir, 'train', '--total-steps', '256']
  const { status, stderr } = await run(words, { cwd })
  assert.equal(status, 0, stderr)
  assert.ok(existsSync(join(cwd, 'run', 'metrics.jsonl')))
  assert.deepEqual(readdirSync(wdir), [])
})

test('a script that changes its folder still finds its run', async t => {
  const [cwd, elsewhere] = [temporaryFolder(t), temporaryFolder(t)]
  const body = `import { train } from 'pporun'\nprocess.chdir('${elsewhere}')\nawait train({ totalSteps: 256 })\n`
  const { status, stderr } = await run(['--out', 'run', script(cwd, body)], { cwd })
  assert.equal(status, 0, stderr)
  assert.ok(existsSync(join(cwd, 'run', 'checkpoints', 'latest')))
  assert.deepEqual(readdirSync(elsewhere), [])
})

test('two jobs that start at the same moment get a folder each', async t => {
  const cwd = temporaryFolder(t)
  const words = ['train', '--total-steps', '256']
  const jobs = await Promise.all([run(words, { cwd }), run(words, { cwd })])
  for (const { status, stderr } of jobs) assert.equal(status, 0, stderr)
  assert.equal(readdirSync(join(cwd, 'runs')).length, 2)
})
