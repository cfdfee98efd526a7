import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkout } from '../data.ts'
import { Running, run, temporaryFolder } from '../rig.ts'
import { hashIn, options, startIn, stopped } from './stopping.ts'

test('asked to end, it leaves a checkpoint and goes on from it; in the end the same bits', async t => {
  const folder = temporaryFolder(t)
  const [whole, broken] = [join(folder, 'whole'), join(folder, 'broken')]
  assert.equal((await run(['-np', '1', '--out', whole, 'train', ...options])).status, 0)
  const start = (np: number) => startIn(broken, np)
  const usr1 = async (job: Running) => void process.kill(await job.rank(1), 'SIGUSR1')
  assert.match(await stopped(t, broken, start(2), usr1, 75), /pporun: ended by SIGUSR1 on /)
  assert.equal((await start(1).ended).status, 0)
  assert.equal(hashIn(broken), hashIn(whole))
})

test('a job of one without a launcher does the same', async t => {
  const out = join(temporaryFolder(t), 'run')
  const script = join(checkout, 'dist', 'scripts', 'train.js')
  const alone = new Running(process.execPath, [script, ...options], { cwd: join(out, '..') })
  await alone.prints('SPS')
  alone.process.kill('SIGINT')
  const { status, stderr } = await alone.ended
  assert.equal(status, 130, stderr)
  assert.match(stderr, /pporun: stopped after update \d+ of 600; go on with --resume runs\/train-\S+$/m)
})

test('--requeue without a Slurm job, or without a folder to find again, is refused', async () => {
  const alone = await run(['--requeue', '--out', 'x', 'train'])
  assert.equal(alone.status, 2)
  assert.match(alone.stderr, /^pporun: --requeue: not inside a Slurm job/)
  const env = { SLURM_JOB_ID: '1', SLURM_JOB_NODELIST: 'n1', SLURM_TASKS_PER_NODE: '1' }
  const nowhere = await run(['--requeue', '--launcher', 'local', 'train'], { env })
  assert.equal(nowhere.status, 2)
  assert.match(nowhere.stderr, /^pporun: --requeue needs --out DIR/)
})
