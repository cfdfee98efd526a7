/** A job that outlives its ranks, for long: nothing piles up; and kills at any moment leave the bits as they are. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as passed } from 'node:timers/promises'
import { pporun, type Running, readJson, run, temporaryFolder, until } from '../rig.ts'

const SECONDS = Number(process.env.SOAK_SECONDS ?? 60)
const RUNS = Number(process.env.SOAK_RUNS ?? 5)
/** From one fault to the next; seconds. */
const EVERY = Math.min(20, SECONDS / 6)

const pick = (n: number): number => Math.floor(Math.random() * n)
const descriptors = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length
const resident = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024

const WHO = ['launcher', 'agent', 'rank 0']

interface Look {
  descriptors: number
  /** MB. */
  memory: number
  /** Segments with a name. */
  shm: number
}

const updates = (out: string): number => {
  const path = join(out, 'metrics.jsonl')
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').length : 0
}

/** The launcher, its agent and rank 0, which is never hurt. */
async function survivors(job: Running): Promise<number[]> {
  return [job.process.pid!, job.processes('agentmain')[0], await job.rank(0)]
}

async function look(job: Running): Promise<Look[]> {
  return (await survivors(job)).map(pid => ({
    descriptors: descriptors(pid),
    memory: resident(pid),
    shm: readdirSync('/dev/shm').length,
  }))
}

test(`${SECONDS} s with a fault every ${EVERY} s: memory, descriptors and /dev/shm stay as they are`, async t => {
  const out = join(temporaryFolder(t), 'run')
  const job = pporun([
    '-np',
    '4',
    '--on-failure',
    'replace',
    '--out',
    out,
    'train',
    '--total-steps',
    '100000000',
  ])
  await job.prints('SPS')
  let first: Look[] | null = null
  for (const end = Date.now() + SECONDS * 1000; Date.now() < end; ) {
    process.kill(await job.rank(1 + pick(3)), pick(4) ? 'SIGKILL' : 'SIGSEGV')
    await passed(EVERY * 1000)
    if (!first && Date.now() > end - SECONDS * 750) first = await look(job)
  }
  // While a rank joins the others have more open for a while.
  for (const [i, pid] of (await survivors(job)).entries()) {
    const most = first![i].descriptors + 2
    await until(`no more than ${most} descriptors in ${WHO[i]}`, () => descriptors(pid) <= most || undefined)
  }
  const last = await look(job)
  const { recoveries } = readJson<{ recoveries: { lost: object[]; np: number; seconds: number }[] }>(
    out,
    'run.json',
  )
  t.diagnostic(
    `${recoveries.length} recoveries, the longest ${Math.max(...recoveries.map(r => r.seconds)).toFixed(1)} s`,
  )
  t.diagnostic(JSON.stringify({ first, last }))
  for (const [i, who] of WHO.entries()) {
    assert.ok(last[i].memory < 1.2 * first![i].memory + 20, `memory of ${who}`)
    assert.ok(last[i].shm <= first![i].shm, '/dev/shm')
  }
  job.process.kill('SIGTERM')
  assert.equal((await job.ended).status, 75)
  await job.allGone(5)
})

/** 400 updates. */
const options = [
  ...['--env', 'Pendulum-v1', '--total-steps', '51200', '--num-steps', '16', '--batch-size', '64'],
  ...['--update-epochs', '2', '--hidden', '16', '--normalize-observations', '--lr-schedule', 'kl'],
]

test(`${RUNS} runs, ranks killed at any moment, shrunk or replaced: the bits of one go`, async t => {
  const folder = temporaryFolder(t)
  await run(['--out', join(folder, 'whole'), 'train', ...options])
  const { paramsHash } = readJson<{ paramsHash: string }>(folder, 'whole', 'run.json')
  for (let i = 0; i < RUNS; i++) {
    const how = i % 2 ? 'shrink' : 'replace'
    const out = join(folder, String(i))
    const job = pporun(['-np', '4', '--on-failure', how, '--out', out, 'train', ...options])
    const kills = []
    for (let k = 0; k < 3; k++) {
      const [rank, wait] = [pick(4), pick(1500)]
      await passed(wait)
      const victims = job.processes('preload')
      // Where some have ended the others cannot go on without a rank.
      if (victims.length < 2 || updates(out) > 300) break
      kills.push(`${rank % victims.length} of ${victims.length} after ${wait} ms`)
      process.kill(victims[rank % victims.length], 'SIGKILL')
    }
    const { status, stderr } = await job.ended
    assert.equal(status, 0, `${how}: ${kills.join('; ')}\n${stderr}`)
    const ended = readJson<{ paramsHash: string }>(out, 'run.json')
    assert.equal(ended.paramsHash, paramsHash, `${how}: ${kills.join('; ')}`)
    await job.allGone(5)
  }
})
