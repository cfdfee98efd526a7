import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { pporun, readJson, run, temporaryFolder, until } from '../rig.ts'

interface Json {
  report: string
  combinations: { options: Record<string, string>; runs: number; meanReturn: number }[]
  members: { name: string; status: string; exitStatus: number; paramsHash: string | null }[]
}

test('a member is the very run that its options give by themselves', async t => {
  const folder = temporaryFolder(t)
  const [sweep, alone] = [join(folder, 'sweep'), join(folder, 'alone')]
  const short = ['train', '--total-steps', '512', '--seed', '3']
  const words = ['-np', '2', '--out', sweep, ...short, '--json', '--learning-rate', '1e-3,1e-4']
  const swept = await run(['sweep', ...words])
  assert.equal(swept.status, 0, swept.stderr)
  const { combinations, members, report } = JSON.parse(swept.stdout) as Json
  assert.deepEqual(
    combinations.map(({ options, runs }) => [options, runs]),
    [
      [{ 'learning-rate': '1e-3' }, 1],
      [{ 'learning-rate': '1e-4' }, 1],
    ],
  )
  await run(['--out', alone, ...short, '--learning-rate', '1e-4'])
  assert.equal(members[1].paramsHash, readJson<{ paramsHash: string }>(alone, 'run.json').paramsHash)
  assert.ok(existsSync(report))
})

test('a member that dies does not stop the others; --resume auto runs what is left', async t => {
  const out = join(temporaryFolder(t), 'sweep')
  const words = ['sweep', '-np', '1', '--json', '--out', out, 'train', '--total-steps', '40000']
  const varied = ['--seeds', '2', '--checkpoint-every', '20']
  const job = pporun([...words, ...varied])
  await until('a checkpoint', () => existsSync(join(out, 'seed=0', 'checkpoints', 'latest')) || undefined)
  process.kill(await job.rank(0), 'SIGKILL')
  const { status, stdout } = await job.ended
  assert.equal(status, 137)
  const { members } = JSON.parse(stdout) as Json
  assert.deepEqual(
    members.map(member => [member.status, member.exitStatus]),
    [
      ['failed', 137],
      ['completed', 0],
    ],
  )
  const again = await run([...words, ...varied, '--resume', 'auto'])
  assert.equal(again.status, 0, again.stderr)
  assert.match(again.stderr, /1 of them have completed before/)
  const resumed = JSON.parse(again.stdout) as Json
  assert.deepEqual(
    resumed.members.map(member => member.status),
    ['completed', 'completed'],
  )
})

test('what ends a sweep ends its members, and leaves nothing behind', async t => {
  for (const signal of ['SIGINT', 'SIGKILL'] as const) {
    const out = join(temporaryFolder(t), 'sweep')
    const job = pporun(['sweep', '-np', '2', '--out', out, 'train', '--seeds', '3'])
    await job.rank(0)
    job.process.kill(signal)
    const { status } = await job.ended
    assert.equal(status, signal === 'SIGINT' ? 130 : null)
    await job.allGone(15)
    assert.ok(!readdirSync(out).includes('seed=2'))
  }
})
