/** The user's own script under the real command: where it runs, what it is given, where its output goes. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkout } from '../data.ts'
import { Running, readJson, run, script, temporaryFolder } from '../rig.ts'

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
    .map(line => JSON.parse(line) as Report)
    .sort((a, b) => a.rank - b.rank)

test('every rank knows who it is, and gets the environment, the folder and the words of the command', async t => {
  const [home, wdir] = [temporaryFolder(t), temporaryFolder(t)]
  const words = [
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

test('--tag-output begins each line with its rank, on stdout and stderr', async t => {
  const path = script(temporaryFolder(t), report)
  const { stdout, stderr } = await run(['-np', '2', '--quiet', '--tag-output', path])
  assert.deepEqual(stdout.match(/^\[\d\] \{/gm)?.sort(), ['[0] {', '[1] {'])
  assert.deepEqual(stderr.trimEnd().split('\n').sort(), ['[0] on stderr of 0', '[1] on stderr of 1'])
})

test('--quiet leaves the ranks’ own output alone', async t => {
  const out = join(temporaryFolder(t), 'run')
  const { status, stdout, stderr } = await run(['--quiet', '--out', out, 'train', '--total-steps', '256'])
  assert.equal(status, 0)
  assert.match(stdout, /^evaluation /)
  assert.equal(stderr, '')
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

test('--wdir does not move a relative --out', async t => {
  const [cwd, wdir] = [temporaryFolder(t), temporaryFolder(t)]
  const words = ['--out', 'run', '--wdir', wdir, 'train', '--total-steps', '256']
  const { status, stderr } = await run(words, { cwd })
  assert.equal(status, 0, stderr)
  assert.ok(existsSync(join(cwd, 'run', 'metrics.jsonl')))
  assert.deepEqual(readdirSync(wdir), [])
})

test('an error in a script names its file by the whole path, wherever the command is', async t => {
  const path = script(temporaryFolder(t), `type T = number\n\nthrow new Error('on purpose')\n`)
  for (const cwd of ['/', '/usr', temporaryFolder(t)]) {
    const { status, stderr } = await run([path], { cwd })
    assert.equal(status, 1)
    assert.match(stderr, new RegExp(`(^|[ (]|file://)${path}:3\\b`, 'm'))
  }
})

test('a lot of output arrives whole, also its last line without an end', async t => {
  const body = `for (let i = 0; i < 100_000; i++) console.log('line', i)\nprocess.stdout.write('the end')\n`
  const out = join(temporaryFolder(t), 'run')
  const { status, stdout } = await run(['--out', out, script(temporaryFolder(t), body)])
  assert.equal(status, 0)
  const lines = stdout.split('\n')
  assert.deepEqual(
    [lines.length, lines[99_999], lines.slice(100_000)],
    [100_002, 'line 99999', ['the end', '']],
  )
  assert.equal(
    readFileSync(join(out, 'logs', 'rank.0.log'), 'utf8')
      .split('\n')
      .at(-2),
    'the end',
  )
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

test('a reader that goes away ends the job without a stack', async t => {
  const path = script(temporaryFolder(t), `setInterval(() => console.log('more'), 1)\n`)
  const bin = join(checkout, 'launcher', 'pporun.mjs')
  const job = new Running('sh', ['-c', '"$0" "$@" | head -n 1', process.execPath, bin, '-np', '2', path])
  const { stdout, stderr } = await job.ended
  await job.allGone(5)
  assert.equal(stdout, 'more\n')
  assert.doesNotMatch(stderr, /EPIPE|Unhandled|node:/)
})
