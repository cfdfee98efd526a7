import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkout } from '../data.ts'
import { type Running, script } from '../rig.ts'
import { type Cluster, onCluster } from './cluster.ts'

/**
 * Whatever is killed at whatever moment: nothing of the job is left on any host after 10 s. ORPHAN_ROUNDS=200 for the
 * full count; ORPHAN_SEED repeats one.
 */
const rounds = Number(process.env.ORPHAN_ROUNDS ?? 12)
const seed = Number(process.env.ORPHAN_SEED ?? Date.now() % 1e6)

/** Begins, works for a while, ends by itself; a daemon of one rank's own would go on for ever. */
const worksAWhile = `
import { spawn } from 'node:child_process'
import { connect } from 'pporun'
const comm = await connect()
if (comm.rank === 1) spawn('setsid', ['-f', 'env', '-i', 'sleep', '1000'], { stdio: 'ignore' })
for (let i = 0; i < 400; i++) await comm.allreduce(new Float32Array(5000))
await comm.close()`

const VICTIMS = ['launcher', 'npx', 'agent', 'ssh', 'rank', 'terminal'] as const
const SIGNALS = ['SIGKILL', 'SIGHUP', 'SIGINT'] as const
/** From before the first process until after the last, in seconds. */
const SPAN = 3

onCluster('nothing is left', ['login', 'n1'], cluster => {
  const random = uniform(seed)
  const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)]
  for (let round = 0; round < rounds; round++) {
    const [victim, signal, moment] = [pick(VICTIMS), pick(SIGNALS), random() * SPAN]
    test(`${signal} to the ${victim} after ${moment.toFixed(2)} s (seed ${seed}, round ${round})`, async () => {
      const path = script(cluster().folder, worksAWhile)
      const words = [join(checkout, 'launcher', 'pporun.mjs'), '-H', 'login,n1', '--grace', '2', path]
      const command = [process.execPath, ...words]
      const job =
        victim === 'npx'
          ? cluster().login.start('npx', ['-c', command.join(' ')], { cwd: cluster().folder })
          : cluster().login.start(command[0], words, { cwd: cluster().folder })
      await new Promise(resolve => setTimeout(resolve, moment * 1000))
      for (const pid of pidsOf(victim, job, cluster())) kill(pid, signal)
      await ended(job, 20)
      await cluster().quiet(10)
      for (const host of cluster().hosts) {
        assert.deepEqual(host.files('/dev/shm'), [], host.name)
        assert.deepEqual(
          host.files('/tmp').filter(name => name.startsWith('pporun')),
          [],
          host.name,
        )
        assert.deepEqual([...new Set(host.listening())], [22], host.name)
      }
    })
  }
})

/** Processes that play the part now; none if it has not come to that, or is over. */
function pidsOf(victim: (typeof VICTIMS)[number], job: Running, { hosts, login }: Cluster): number[] {
  const anywhere = (containing: string) =>
    hosts.flatMap(host => host.processes(containing)).map(({ pid }) => pid)
  if (victim === 'agent') return anywhere('agentmain.js').slice(-1)
  if (victim === 'rank') return anywhere('preload.js').slice(-1)
  if (victim === 'ssh') return login.processes('BatchMode').map(({ pid }) => pid)
  // A terminal that is closed signals everything that it is the terminal of.
  if (victim === 'terminal') return login.processes('pporun.mjs').map(({ pid }) => pid)
  return [job.process.pid!]
}

async function ended(job: Running, seconds: number): Promise<void> {
  const late = new Promise((_, reject) =>
    setTimeout(reject, seconds * 1000, new Error(`runs after ${seconds} s`)).unref(),
  )
  await Promise.race([job.ended, late])
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // over already
  }
}

/** Numbers of [0, 1) that a seed repeats (Park and Miller). */
function uniform(seed: number): () => number {
  let state = (seed % 2147483646) + 1
  return () => {
    state = (state * 48271) % 2147483647
    return state / 2147483647
  }
}
