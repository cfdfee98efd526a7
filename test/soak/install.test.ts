/** The package as people get it: packed, installed into an empty folder, started by npx; and a checkout that is not built. */
import assert from 'node:assert/strict'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { checkout } from '../data.ts'
import { type Ended, Running, readJson, script, temporaryFolder } from '../rig.ts'

/** npm would leave a log of every call in the home folder, and look for a newer npm. */
const env = { npm_config_logs_max: '0', npm_config_update_notifier: 'false' }

async function succeeds(command: string, words: string[], cwd: string): Promise<Ended> {
  const ended = await new Running(command, words, { cwd, env }).ended
  assert.equal(ended.status, 0, `${command} ${words.join(' ')}\n${ended.stderr}`)
  return ended
}

describe('npm install of the packed package', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pporun-test-'))
  const npx = (...words: string[]) => new Running('npx', ['pporun', ...words], { cwd: folder, env })

  before(async () => {
    // dist/ is what is tested: packing must not compile it again.
    await succeeds('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], checkout)
    const [tgz] = readdirSync(folder).filter(name => name.endsWith('.tgz'))
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')
    await succeeds('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', `./${tgz}`], folder)
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  test('holds what runs, with its types, and no tests', () => {
    const names = readdirSync(join(folder, 'node_modules', 'pporun'), { recursive: true, encoding: 'utf8' })
    const needed = [
      'package.json LICENSE launcher/pporun.mjs dist/bundle/index.js dist/bundle/main.js dist/src/index.d.ts',
      'scripts/train.ts scripts/benchmark/allreduce.ts scripts/benchmark/links.ts',
      'scripts/slurm/one-node.sbatch scripts/kubernetes/job.yaml hostfiles/small',
    ]
    for (const name of needed.join(' ').split(' ')) assert.ok(names.includes(name), name)
    assert.deepEqual(
      names.filter(name => /(^|\/)(test|node_modules)\/|\.test\./.test(name)),
      [],
    )
  })

  test('npx pporun -np 2 train trains', async () => {
    const job = npx('-np', '2', '--out', 'run', 'train', '--total-steps', '1024')
    const { status, stderr } = await job.ended
    assert.equal(status, 0, stderr)
    const { np, globalSteps } = readJson<{ np: number; globalSteps: number }>(folder, 'run', 'run.json')
    assert.deepEqual([np, globalSteps], [2, 1024])
    await job.allGone(5)
  })

  test("a script of one's own imports 'pporun', under npx and under plain node", async () => {
    const body = `import { train } from 'pporun'\nconst { paramsHash } = await train({ totalSteps: 256 })\nconsole.log('hash ' + paramsHash)\n`
    const path = script(folder, body, 'mine.mjs')
    const { status, stdout, stderr } = await npx('-np', '2', 'mine.mjs').ended
    assert.equal(status, 0, stderr)
    const [hash] = /^hash \w+$/m.exec(stdout) ?? []
    assert.ok(hash, stdout)
    const alone = await succeeds(process.execPath, [path], folder)
    assert.ok(alone.stdout.includes(hash), alone.stdout)
  })

  test('an engine whose packages are not installed is one line, with what installs them', async () => {
    const { status, stderr } = await npx('--out', 'none', 'train', '--engine', 'tfjs-wasm').ended
    assert.equal(status, 2)
    const packages = ['core', 'layers', 'backend-wasm']
      .map(name => `@tensorflow/tfjs-${name}@4.22.0`)
      .join(' ')
    assert.equal(
      stderr.trim().split('\n').at(-1),
      `pporun: --engine tfjs-wasm: @tensorflow/tfjs-core is not installed; npm install ${packages}`,
    )
  })

  test('status 2 and its one line come through npx', async () => {
    const { status, stderr } = await npx('-np', 'x', 'train').ended
    assert.equal(status, 2)
    assert.match(stderr, /^pporun: -np takes a whole number of at least 1, got 'x'$/m)
  })

  for (const [name, signal] of [
    ['kill -9', 'SIGKILL'],
    ['TERM', 'SIGTERM'],
  ] as const)
    test(`${name} of the npx above the launcher leaves no process`, async () => {
      const job = npx('-np', '2', '--out', name.replace(' ', ''), 'train', '--total-steps', '1000000')
      await job.prints('SPS')
      job.process.kill(signal)
      await job.allGone(10)
      const { status, cause } = readJson<{ status: string; cause: { rank: number | null } }>(
        folder,
        name.replace(' ', ''),
        'run.json',
      )
      assert.deepEqual([status, cause.rank], ['preempted', null])
    })
})

test('a checkout that is not built says in one line what to run', async t => {
  const folder = temporaryFolder(t)
  for (const name of ['package.json', join('launcher', 'pporun.mjs')])
    cpSync(join(checkout, name), join(folder, name))
  const { status, stdout, stderr } = await new Running(process.execPath, ['launcher/pporun.mjs', 'train'], {
    cwd: folder,
  }).ended
  assert.deepEqual([status, stdout], [1, ''])
  assert.match(stderr, /^pporun: not built yet; run: .*npm run build\n$/)
})

test('without TypeScript, npm’s prepare says in one line that nothing is built', async t => {
  const folder = temporaryFolder(t)
  mkdirSync(join(folder, 'scripts'))
  cpSync(join(checkout, 'scripts', 'build'), join(folder, 'scripts', 'build'), { recursive: true })
  const { stdout, stderr } = await succeeds(
    process.execPath,
    [join('scripts', 'build', 'prepare.mjs')],
    folder,
  )
  assert.match(stdout + stderr, /^pporun: not built: .*npm run build\n$/)
  assert.ok(!existsSync(join(folder, 'dist')))
})
