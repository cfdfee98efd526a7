/** The other ways in: plain Node without the command, the examples of scripts/, and help. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { checkout } from '../data.ts'
import { Running, readJson, run, script, temporaryFolder } from '../rig.ts'

const LIBRARY = pathToFileURL(join(checkout, 'dist', 'src', 'index.js')).href
const examples = join(checkout, 'scripts', 'examples')

const plain = (body: string) => `import { connect, train } from '${LIBRARY}'\n${body}`

test('train() under plain node is a job of one, with the same parameters as under the command', async t => {
  const cwd = temporaryFolder(t)
  const path = script(
    cwd,
    plain(`const { paramsHash } = await train({ totalSteps: 512 })\nconsole.log('hash ' + paramsHash)\n`),
    'mine.mjs',
  )
  const { status, stdout, stderr } = await new Running(process.execPath, [path, '--seed', '3'], { cwd }).ended
  assert.equal(status, 0, stderr)
  const [name, ...others] = readdirSync(join(cwd, 'runs'))
  assert.match(name, /^mine-\d{8}-\d{6}$/)
  assert.deepEqual(others, [])
  const folder = join(cwd, 'runs', name)
  const file = readJson<Record<string, unknown>>(folder, 'run.json')
  const { paramsHash } = file
  assert.deepEqual([file.status, file.np, file.seed, file.globalSteps], ['completed', 1, 3, 512])
  assert.ok(stdout.includes(`hash ${paramsHash}`))
  const out = join(cwd, 'two')
  await run(['-np', '2', '--out', out, 'train', '--total-steps', '512', '--seed', '3'])
  const commands = readJson<Record<string, unknown>>(out, 'run.json')
  assert.equal(commands.paramsHash, paramsHash)
  assert.deepEqual(Object.keys(file).sort(), Object.keys(commands).sort(), 'the same fields in run.json')
})

test('in a job of one, too, the script’s timers run while it trains', async t => {
  const cwd = temporaryFolder(t)
  const body = `let ticks = 0\nsetInterval(() => ticks++, 1).unref()\nawait train({ totalSteps: 1024 })\nconsole.log('ticks ' + ticks)\n`
  const path = script(cwd, plain(body), 'mine.mjs')
  const { stdout } = await new Running(process.execPath, [path], { cwd }).ended
  assert.ok(Number(/^ticks (\d+)$/m.exec(stdout)?.[1]) >= 3, stdout)
})

test('a wrong option under plain node is one line and status 2', async t => {
  const cwd = temporaryFolder(t)
  const path = script(cwd, plain('await train()\n'), 'mine.mjs')
  for (const [words, message] of [
    [['--sede', '3'], /^pporun: unknown option --sede; did you mean --seed\?\n$/],
    [['--seed', 'x'], /^pporun: --seed takes a whole number of at least 0, got 'x'\n$/],
    [['--env', 'CartPole-v2'], /^pporun: unknown environment 'CartPole-v2'; did you mean CartPole-v1\?.*\n$/],
  ] as const) {
    const { status, stdout, stderr } = await new Running(process.execPath, [path, ...words], { cwd }).ended
    assert.match(stderr, message)
    assert.deepEqual([status, stdout], [2, ''])
  }
  assert.deepEqual(readdirSync(cwd), ['mine.mjs'])
})

test('connect() under plain node is a communicator of one', async t => {
  const cwd = temporaryFolder(t)
  const body = `const comm = await connect()\nconst x = Float64Array.of(1, 2)\nawait comm.allreduce(x, 'sum')\nawait comm.barrier()\nconsole.log(comm.rank, comm.size, [...x].join())\nawait comm.close()\n`
  const { status, stdout } = await new Running(process.execPath, [script(cwd, plain(body), 'mine.mjs')], {
    cwd,
  }).ended
  assert.deepEqual([status, stdout], [0, '0 1 1,2\n'])
})

for (const [name, words, printed] of [
  ['connect.ts', [], /^pi is about 3\.1[34]\d* from 2 ranks$/m],
  ['makeenv.ts', [], /^return \d+$/m],
  ['ownenv.ts', ['--total-steps', '2048'], /^mean return -[\d.]+ with parameters [0-9a-f]+$/m],
  ['pieces.ts', [], /^512 observations, mean .*; first advantage [\d.]+$/m],
  ['train.ts', ['--total-steps', '512'], /^mean return [\d.]+ with parameters [0-9a-f]+$/m],
] as const)
  test(`the example ${name} runs`, async t => {
    const cwd = temporaryFolder(t)
    const { status, stdout, stderr } = await run(['-np', '2', join(examples, name), ...words], { cwd })
    assert.equal(status, 0, stderr)
    assert.match(stdout, printed)
  })

test('every example is run, here or in the soak suite', () => {
  const names = readdirSync(examples).filter(name => name.endsWith('.ts'))
  const source = ['command/alone', 'soak/examples']
    .map(name => readFileSync(join(checkout, 'test', `${name}.test.ts`), 'utf8'))
    .join('')
  for (const name of names) assert.ok(source.includes(`'${name}'`), name)
})

test('bench --help: every subject with options of its own', async () => {
  const { status, stdout } = await run(['bench', '--help'])
  assert.equal(status, 0)
  for (const [subject, option] of [
    ['allreduce', '--sizes'],
    ['env', '--num-envs'],
    ['ppo', '--seconds'],
    ['engine', '--networks'],
  ])
    assert.match(stdout, new RegExp(`^${subject}: [^]*?\n  ${option} `, 'm'))
})

test('--help, --help all and --version', async () => {
  const [none, help, all, version] = await Promise.all([
    run([]),
    run(['--help']),
    run(['--help', 'all']),
    run(['--version']),
  ])
  for (const { status, stderr } of [none, help, all, version]) assert.deepEqual([status, stderr], [0, ''])
  assert.equal(none.stdout, help.stdout)
  for (const word of ['-np N', '--out', '--total-steps', 'Examples', 'pporun --help all'])
    assert.ok(help.stdout.includes(word), word)
  assert.ok(!help.stdout.includes('--gae-lambda') && all.stdout.includes('--gae-lambda'))
  for (const option of ['--start-timeout', '--wdir', '-x NAME[=VALUE]', '--num-envs', '--shards'])
    assert.ok(all.stdout.includes(option), option)
  assert.ok(all.stdout.split('\n').every(line => line.length <= 120))
  assert.equal(version.stdout, `${readJson<{ version: string }>(checkout, 'package.json').version}\n`)
})
