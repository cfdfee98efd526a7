import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { pporun, readJson, run, temporaryFolder, until } from '../rig.ts'

/** 600 updates, with everything on that a run remembers. */
const options = [
  ...['--env', 'MountainCarContinuous-v0', '--total-steps', '38400', '--num-envs', '8', '--num-steps', '8'],
  ...['--batch-size', '32', '--update-epochs', '2', '--hidden', '8', '--checkpoint-every', '10'],
  ...['--lr-schedule', 'kl', '--kl-coef', '0.1', '--kl-target', '0.01'],
]

async function trained(out: string, np: number, more: readonly string[] = []): Promise<string> {
  const { status, stderr } = await run(['-np', String(np), '--out', out, 'train', ...options, ...more])
  assert.equal(status, 0, stderr)
  return readJson<{ paramsHash: string }>(out, 'run.json').paramsHash
}

/** Ends the run with -9, launcher and ranks alike, once it has a checkpoint that it did not have before. */
async function killed(t: TestContext, out: string, np: number, more: readonly string[] = []): Promise<void> {
  const link = join(out, 'checkpoints', 'latest')
  const before = existsSync(link) ? readlinkSync(link) : ''
  const job = pporun(['-np', String(np), '--out', out, 'train', ...options, ...more])
  await until('a checkpoint', () => (existsSync(link) && readlinkSync(link) !== before) || undefined)
  spawnSync('kill', ['-9', ...job.processes().map(String)]) // some end with others of them
  await job.ended
  await job.allGone(10)
  t.diagnostic(`killed after ${readlinkSync(link)} steps`)
}

/** But for what depends on the clock or the number of ranks. */
function metricsWithoutTimes(out: string): object[] {
  const lines = readFileSync(join(out, 'metrics.jsonl'), 'utf8').trim().split('\n')
  return lines.map(line => {
    const entries = Object.entries(JSON.parse(line) as Record<string, unknown>)
    return Object.fromEntries(entries.filter(([name]) => !/^(time|bytes)\/|^seconds$|SPS$/.test(name)))
  })
}

test('killed twice and resumed with other numbers of ranks: the same bits and the same metrics', async t => {
  const folder = temporaryFolder(t)
  const [whole, broken] = [join(folder, 'whole'), join(folder, 'broken')]
  const expected = await trained(whole, 1)
  await killed(t, broken, 2)
  await killed(t, broken, 3, ['--resume', 'auto'])
  assert.equal(await trained(broken, 1, ['--resume', broken]), expected)
  assert.deepEqual(metricsWithoutTimes(broken), metricsWithoutTimes(whole))
  assert.equal(readdirSync(join(broken, 'checkpoints')).length, 4) // three and `latest`
})

test('a run that goes on keeps its configuration, may grow, and knows when it has ended', async t => {
  const folder = temporaryFolder(t)
  const [whole, grown] = [join(folder, 'whole'), join(folder, 'grown')]
  const constant = ['--lr-schedule', 'constant']
  const expected = await trained(whole, 1, [...constant, '--total-steps', '1280'])
  await trained(grown, 2, [...constant, '--total-steps', '640'])
  const before = readFileSync(join(grown, 'run.json'), 'utf8')
  const again = await run(['--out', grown, 'train', '--resume', 'auto'])
  assert.equal(again.status, 0, again.stderr)
  assert.equal(readFileSync(join(grown, 'run.json'), 'utf8'), before)
  const other = await run(['--out', grown, 'train', '--resume', 'auto', '--gamma', '0.5', '--hidden', '3'])
  assert.equal(other.status, 2)
  assert.match(other.stderr, /cannot go on with --gamma 0.5 \(it has 0.9999\), --hidden 3 \(it has 8\)/)
  const more = await run(['--out', grown, 'train', '--resume', 'auto', '--total-steps', '1280'])
  assert.equal(more.status, 0, more.stderr)
  assert.equal(readJson<{ paramsHash: string }>(grown, 'run.json').paramsHash, expected)
  assert.equal(metricsWithoutTimes(grown).length, 20)
})

test('a damaged checkpoint is named with its file, the one before is offered, and auto takes it', async t => {
  const out = join(temporaryFolder(t), 'run')
  const expected = await trained(out, 1, ['--total-steps', '1920'])
  writeFileSync(join(out, 'checkpoints', '1920', 'state.v8'), 'x')
  const named = await run(['train', '--resume', out])
  assert.equal(named.status, 2)
  assert.match(
    named.stderr,
    /1920: damaged \(state.v8: its checksum differs\); intact is .*checkpoints\/1280/,
  )
  const auto = await run(['-np', '2', '--out', out, 'train', '--resume', 'auto'])
  assert.equal(auto.status, 0, auto.stderr)
  assert.match(auto.stderr, /warning: .*1920: damaged/)
  assert.equal(readJson<{ paramsHash: string }>(out, 'run.json').paramsHash, expected)
})

test('a folder in use is refused without --resume; auto begins where nothing is', async t => {
  const out = join(temporaryFolder(t), 'run')
  await trained(out, 1, ['--total-steps', '640', '--resume', 'auto'])
  const again = await run(['--out', out, 'train', ...options])
  assert.equal(again.status, 2)
  assert.match(again.stderr, /is not empty; .*--resume auto/)
  const nowhere = await run(['train', '--resume', join(out, 'nothing')])
  assert.equal(nowhere.status, 2)
  assert.match(nowhere.stderr, /there is no run in/)
})

test('--eval-episodes evaluates each checkpoint, keeps the best, and changes no bit', async t => {
  const folder = temporaryFolder(t)
  const [plain, evaluated] = [join(folder, 'plain'), join(folder, 'evaluated')]
  const few = ['--total-steps', '3840']
  const hash = await trained(plain, 2, few)
  assert.equal(await trained(evaluated, 2, [...few, '--eval-episodes', '3', '--keep', '1']), hash)
  const kept = readdirSync(join(evaluated, 'checkpoints')).filter(name => /^\d+$/.test(name))
  const best = readlinkSync(join(evaluated, 'checkpoints', 'best'))
  assert.ok(kept.includes(best) && kept.includes('3840') && kept.length <= 2, kept.join())
  const score = (of: string) =>
    readJson<{ score: number | null }>(evaluated, 'checkpoints', of, 'checkpoint.json').score!
  assert.ok(score(best) >= score('latest'))
})
