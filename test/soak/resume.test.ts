import assert from 'node:assert/strict'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as passed } from 'node:timers/promises'
import { loadCheckpoint } from '../../src/checkpoint/checkpoint.ts'
import { listCheckpoints } from '../../src/checkpoint/folder.ts'
import { pporun, type Running, readJson, temporaryFolder } from '../rig.ts'

const RUNS = Number(process.env.RESUME_RUNS ?? 5)
const KILLS = 5
const options = [
  ...['--env', 'Pendulum-v1', '--total-steps', '25600', '--num-steps', '16', '--batch-size', '64'],
  ...['--update-epochs', '2', '--hidden', '16', '--checkpoint-every', '10', '--normalize-observations'],
  ...['--lr-schedule', 'kl', '--resume', 'auto'],
]

const pick = (n: number): number => Math.floor(Math.random() * n)

/** Where all processes are killed at once nobody is left to remove the agent's folder: it goes with the test's. */
const start = (out: string, np: number): Running =>
  pporun(['-np', String(np), '--out', out, 'train', ...options], { env: { TMPDIR: dirname(out) } })

async function hashOf(out: string, np: number): Promise<string> {
  const { status, stderr } = await start(out, np).ended
  assert.equal(status, 0, stderr)
  return readJson<{ paramsHash: string }>(out, 'run.json').paramsHash
}

/** Kills one process of the job, or all of them, at some moment between its start and its end. */
async function killed(out: string): Promise<string> {
  const job = start(out, 1 + pick(4))
  const milliseconds = 200 + pick(1800)
  await passed(milliseconds)
  const processes = job.processes()
  const victims = pick(2) ? processes : processes.slice(-1)
  for (const pid of victims) kill(pid)
  await job.ended
  await job.allGone(15)
  return `${victims.length} of ${processes.length} after ${milliseconds} ms`
}

/** It may just have ended. */
function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ESRCH')
  }
}

test(`${RUNS} runs, each killed ${KILLS} times and resumed with any number of ranks: the bits of one go`, async t => {
  const folder = temporaryFolder(t)
  const expected = await hashOf(join(folder, 'whole'), 1)
  for (let i = 0; i < RUNS; i++) {
    const out = join(folder, String(i))
    const kills = []
    for (let k = 0; k < KILLS; k++) {
      kills.push(await killed(out))
      for (const path of listCheckpoints(out)) loadCheckpoint(path) // none is ever half written
    }
    assert.equal(await hashOf(out, 1 + pick(4)), expected, kills.join('; '))
    t.diagnostic(`run ${i + 1}: ${kills.join('; ')}`)
  }
})
