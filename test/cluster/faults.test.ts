import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { note, table } from '../faults/matrix.ts'
import { type Running, script } from '../rig.ts'
import { type Cluster, onCluster } from './cluster.ts'

/** Faults over hosts (reference: F1 to F6, F15 to F17, F21, F23, F25). The table is printed at the end. */

/** Sums that are checked, round after round; `act` is what rank 1 does in round 200. */
const summing = (act = '', rounds = 1e9) => `
import { spawn } from 'node:child_process'
import { connect } from 'pporun'
const comm = await connect()
for (let k = 0; k < ${rounds}; k++) {
  if (k === 200 && comm.rank === 0) console.log('under way')
  if (k === 200 && comm.rank === 1) { ${act} }
  const array = new Float64Array(1000).fill(k + comm.rank)
  await comm.allreduce(array)
  if (array.some(x => x !== 3 * k + 3)) throw new Error('a wrong sum')
}
await comm.close()`

interface Case {
  fault: string
  source?: string
  options?: string[]
  /** Once the ranks sum. */
  strike?: (cluster: Cluster) => Promise<void> | void
  status: number
  /** In the line that names the cause; undefined: the job goes on. */
  named?: RegExp
}

const HOSTS = ['login', 'n1', 'n2']
/** Rank R of a job runs on host R. */
const kill =
  (signal: NodeJS.Signals, process_: 'preload.js' | 'agentmain.js', ...names: string[]) =>
  (cluster: Cluster) => {
    for (const name of names)
      for (const { pid } of cluster.host(name).processes(process_))
        if (!/^sh /.test(commandOf(pid))) process.kill(pid, signal)
  }
const rank1 = 'rank 1 \\(n1, pid \\d+\\) '

const cases: Case[] = [
  {
    fault: 'F1 throws',
    source: summing(`throw new Error('on purpose')`),
    status: 1,
    named: RegExp(`${rank1}failed: Error: on purpose`),
  },
  {
    fault: 'F1 exits with 3',
    source: summing('process.exit(3)'),
    status: 3,
    named: RegExp(`${rank1}ended with exit status 3`),
  },
  {
    fault: 'F2 kill -9',
    strike: kill('SIGKILL', 'preload.js', 'n1'),
    status: 137,
    named: RegExp(`${rank1}was killed by SIGKILL`),
  },
  {
    fault: 'F3 exits with 0 early',
    source: summing('process.exit(0)'),
    status: 1,
    named: RegExp(`${rank1}ended before the others`),
  },
  {
    fault: 'F4 SIGSTOP, --op-timeout 5',
    options: ['--op-timeout', '5'],
    strike: kill('SIGSTOP', 'preload.js', 'n1'),
    status: 124,
    named: RegExp(`${rank1}kept the others waiting for .*stopped`),
  },
  {
    fault: 'F4 SIGSTOP, CONT after 4 s',
    source: summing('', 400),
    strike: async cluster => {
      kill('SIGSTOP', 'preload.js', 'n1')(cluster)
      await new Promise(resolve => setTimeout(resolve, 4000))
      kill('SIGCONT', 'preload.js', 'n1')(cluster)
    },
    status: 0,
  },
  {
    fault: 'F5 busy for 12 s',
    source: summing('for (const end = Date.now() + 12_000; Date.now() < end; );', 400),
    status: 0,
  },
  {
    fault: 'F6 agent, kill -9',
    strike: kill('SIGKILL', 'agentmain.js', 'n1'),
    status: 1,
    named: /the job lost its agent on n1 \(/,
  },
  {
    fault: 'F16 all but one at once',
    strike: kill('SIGKILL', 'preload.js', 'n1', 'n2'),
    status: 137,
    named: /rank [12] \(n[12], pid \d+\) was killed by SIGKILL/,
  },
  {
    fault: "F17 rank 0, on the launcher's host, kill -9",
    strike: kill('SIGKILL', 'preload.js', 'login'),
    status: 137,
    named: /rank 0 \(login, pid \d+\) was killed by SIGKILL/,
  },
  {
    fault: 'F25 grandchildren that ignore TERM, setsid',
    source: summing(`
      const deaf = ['-c', 'trap "" TERM INT HUP; while :; do sleep 1; done']
      spawn('sh', deaf, { stdio: 'inherit' })
      spawn('setsid', ['-f', 'env', '-i', 'sh', ...deaf], { stdio: 'ignore' })
      process.on('SIGTERM', () => {})
      setTimeout(() => process.exit(4), 500)`),
    status: 4,
    named: RegExp(`${rank1}ended with exit status 4`),
  },
]

onCluster('faults over hosts', HOSTS, cluster => {
  after(() => console.log(`\n${table()}\n`))
  const start = (...words: string[]): Running => cluster().pporun(['-H', HOSTS.join(), ...words])

  for (const { fault, source = summing(), options = [], strike, ...expected } of cases)
    test(fault, async () => {
      const job = start(...options, script(cluster().folder, source))
      await job.prints('under way')
      const begin = performance.now()
      await strike?.(cluster())
      if (expected.named) await job.prints('all ranks are ended')
      const seconds = expected.named ? (performance.now() - begin) / 1000 : null
      const { status, stderr } = await job.ended
      const named = expected.named ? expected.named.test(stderr) : !stderr.includes('all ranks are ended')
      await cluster()
        .quiet(5)
        .finally(() => {
          const left = cluster().hosts.reduce((sum, host) => sum + host.processes().length, 0)
          note({ fault, over: 'ssh', seconds, named, status, left })
        })
      assert.equal(status, expected.status, stderr)
      assert.ok(named, stderr)
    })

  test('F15 two jobs on the same hosts and ports at the same time', async () => {
    const path = script(cluster().folder, summing('', 400))
    const jobs = [0, 1].map(() => start('--iface', '10.77.0.0/24', '--port-range', '5000-5001', path))
    for (const { ended } of jobs) assert.equal((await ended).status, 0, (await ended).stderr)
    await cluster().quiet(5)
  })

  test('F21 a crowded sshd is asked again; one that never answers is named in time', async () => {
    const { folder } = cluster()
    const ssh = join(folder, 'crowded')
    const refusal = `mkdir ${folder}/asked.$host 2>/dev/null && { echo 'kex_exchange_identification: Connection closed by remote host' >&2; exit 255; }`
    writeFileSync(
      ssh,
      `#!/bin/sh\nfor word; do case $word in n1|n2) host=$word;; esac; done\n${refusal}\nexec ssh "$@"\n`,
    )
    chmodSync(ssh, 0o755)
    const path = script(folder, summing('', 10))
    const crowded = await start('--ssh', ssh, path).ended
    assert.equal(crowded.status, 0, crowded.stderr)
    writeFileSync(ssh, '#!/bin/sh\nexec sleep 1000\n')
    const never = await start('--ssh', ssh, '--start-timeout', '2', path).ended
    assert.equal(never.status, 124, never.stderr)
    assert.match(never.stderr, /got no agent on n1 within --start-timeout 2 s/)
    await cluster().quiet(5)
  })

  test('F23 20 MB without a newline, any bytes, from another host: each one arrives', async () => {
    const { folder } = cluster()
    const path = script(
      folder,
      `import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
const rank = Number(process.env.PPORUN_RANK)
const block = Buffer.from(Array.from({ length: 49_999 }, (_, i) => ((i * 7 + rank) % 256 === 10 ? 11 : (i * 7 + rank) % 256)))
const hash = createHash('sha256')
for (let i = 0; i < 200; i++) {
  hash.update(block)
  if (!process.stdout.write(block)) await new Promise(resolve => process.stdout.once('drain', resolve))
}
writeFileSync('${folder}/bytes.' + rank, hash.digest('hex'))`,
    )
    const out = join(folder, 'printed')
    const { status, stderr } = await cluster().pporun(['-H', 'n1,n2', '--quiet', '--out', out, path]).ended
    assert.equal(status, 0, stderr)
    for (const rank of [0, 1]) {
      const log = readFileSync(join(out, 'logs', `rank.${rank}.log`))
      const sum = createHash('sha256').update(log).digest('hex')
      assert.equal(sum, readFileSync(join(folder, `bytes.${rank}`), 'utf8'), `${log.length} bytes`)
    }
    await cluster().quiet(5)
  })
})

const commandOf = (pid: number): string => readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
