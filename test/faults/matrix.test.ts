/** Faults of ranks and links (reference: F1 to F18), real processes, mode abort. The table is printed at the end. */
import assert from 'node:assert/strict'
import { after, type TestContext, test } from 'node:test'
import { pporun, type Running, script, temporaryFolder } from '../rig.ts'
import { note, table } from './matrix.ts'
import { type Fault, FaultyNetwork, interposed } from './network.ts'
import { folderForTcp } from './tcp.ts'

after(() => console.log(`\n${table()}\n`))

/** Sums that are checked, round after round; `act` is what rank 1 does in round 200. */
const summing = (act: string, rounds = 400) => `
import { connect } from 'pporun'
const comm = await connect()
for (let k = 0; k < ${rounds}; k++) {
  if (k === 200 && comm.rank === 0) console.log('half')
  if (k === 200 && comm.rank === 1) { ${act} }
  const array = new Float64Array(1000).fill(k + comm.rank)
  await comm.allreduce(array)
  if (array.some(x => x !== comm.size * (k + (comm.size - 1) / 2))) throw new Error('a wrong sum')
}
await comm.close()
`
const endless = summing('', 1e9)

interface Case {
  fault: string
  source: string
  /** Once half the rounds are done. */
  strike?: (job: Running) => Promise<void>
  options?: string[]
  /** One, or any of several: cut-up frames break a connection, or end in a wait for the rest. */
  status: number | number[]
  /** In the line that names the cause; undefined: the job goes on. */
  named?: RegExp
  network?: Fault
}

const kill =
  (signal: NodeJS.Signals, ...ranks: number[]) =>
  async (job: Running) => {
    for (const pid of await Promise.all(ranks.map(rank => job.rank(rank)))) process.kill(pid, signal)
  }

async function run(
  t: TestContext,
  over: string,
  { fault, source, strike, options = [], ...expected }: Case,
  np = 3,
): Promise<void> {
  const folder = temporaryFolder(t)
  const network = new FaultyNetwork()
  const before = over === 'tcp' && expected.network ? interposed(await network.open(t)) : ''
  const env = over === 'tcp' ? { TMPDIR: folderForTcp(folder) } : {}
  const transport = ['--transport', over === 'shm' ? 'shm' : 'zmq']
  const job = pporun(['-np', String(np), ...transport, ...options, script(folder, before + source)], { env })
  await job.prints('half')
  if (expected.network) network.fault = { kind: expected.network, to: 1 }
  const start = performance.now()
  await strike?.(job)
  if (expected.named) await job.prints('all ranks are ended')
  const seconds = expected.named ? (performance.now() - start) / 1000 : null
  const { status, stderr } = await job.ended
  const left = await job.allGone(5).then(
    () => 0,
    () => job.processes().length,
  )
  const named = expected.named ? expected.named.test(stderr) : !stderr.includes('all ranks are ended')
  note({ fault: np === 3 ? fault : `${fault}, np ${np}`, over, seconds, named, status, left })
  assert.ok([expected.status].flat().includes(status!), `${status}\n${stderr}`)
  assert.ok(named, stderr)
  if (expected.network) assert.ok(network.struck > 0, 'ranks did not go through the network that is at fault')
  assert.equal(left, 0)
}

const victim = 'rank 1 \\(.*pid \\d+\\) '
const ofRanks: Case[] = [
  {
    fault: 'F1 throws',
    source: summing(`throw new Error('on purpose')`),
    status: 1,
    named: RegExp(`${victim}failed: Error: on purpose`),
  },
  {
    fault: 'F1 exits with 3',
    source: summing('process.exit(3)'),
    status: 3,
    named: RegExp(`${victim}ended with exit status 3`),
  },
  {
    fault: 'F2 kill -9',
    source: endless,
    strike: kill('SIGKILL', 1),
    status: 137,
    named: RegExp(`${victim}was killed by SIGKILL`),
  },
  {
    fault: 'F2 SIGSEGV',
    source: endless,
    strike: kill('SIGSEGV', 1),
    status: 139,
    named: RegExp(`${victim}was killed by SIGSEGV`),
  },
  {
    fault: 'F2 abort()',
    source: summing('process.abort()'),
    status: 134,
    named: RegExp(`${victim}was killed by SIGABRT`),
  },
  {
    fault: 'F3 exits with 0 early',
    source: summing('process.exit(0)'),
    status: 1,
    named: RegExp(`${victim}ended before the others`),
  },
  {
    fault: 'F4 SIGSTOP, --op-timeout 5',
    source: endless,
    strike: kill('SIGSTOP', 1),
    options: ['--op-timeout', '5'],
    status: 124,
    named: RegExp(`${victim}kept the others waiting for .*stopped`),
  },
  { fault: 'F4 SIGSTOP, CONT after 4 s', source: summing(''), strike: stopped(4), status: 0 },
  {
    fault: 'F5 busy for 12 s',
    source: summing('for (const end = Date.now() + 12_000; Date.now() < end; );'),
    status: 0,
  },
  {
    fault: 'F16 two at once',
    source: endless,
    strike: kill('SIGKILL', 1, 2),
    status: 137,
    named: /rank [12] \(.*\) was killed by SIGKILL/,
  },
  {
    fault: 'F17 rank 0, kill -9',
    source: endless,
    strike: kill('SIGKILL', 0),
    status: 137,
    named: /rank 0 \(.*\) was killed by SIGKILL/,
  },
  {
    fault: 'F18 another length',
    source: summing('await comm.allreduce(new Float64Array(7))'),
    status: 1,
    named:
      /#201 \(sum, float64 of (1000|7) elements.*but rank \d is in allreduce #201 \(sum, float64 of (1000|7) elements/,
  },
  {
    fault: 'F18 another type',
    source: summing('await comm.allreduce(new Float32Array(1000))'),
    status: 1,
    named: /rank 1 is in allreduce #201 \(sum, float32 of 1000 elements/,
  },
  {
    fault: 'F18 another operation',
    source: summing('await comm.barrier()'),
    status: 1,
    named: /rank 1 is in barrier #201/,
  },
]

const GARBLED = {
  options: ['--op-timeout', '5'],
  status: [1, 124],
  named:
    /lost a connection: .* the connection to rank \d at tcp:|kept the others waiting for 5\.\d s in allreduce #\d+/,
}
const ofLinks: Case[] = [
  {
    fault: 'F9, F10 link falls silent, --op-timeout 5',
    source: endless,
    network: 'stall',
    options: ['--op-timeout', '5'],
    status: 124,
    named: /kept the others waiting for 5\.\d s in allreduce #\d+/,
  },
  { fault: 'F11 200 ms and 1 MB/s on one way', source: summing('', 210), network: 'slow', status: 0 },
  {
    fault: 'F12 reset',
    source: endless,
    network: 'reset',
    status: 1,
    named: /lost a connection: rank \d .* the connection to rank \d at tcp:/,
  },
  {
    fault: 'F13 truncated',
    source: endless,
    network: 'truncate',
    status: 1,
    named: /lost a connection: .* the connection to rank \d at tcp:/,
  },
  {
    fault: 'F13 duplicated',
    source: endless,
    network: 'duplicate',
    ...GARBLED,
  },
  {
    fault: 'F13 reordered',
    source: endless,
    network: 'reorder',
    ...GARBLED,
  },
]

function stopped(seconds: number) {
  return async (job: Running) => {
    await kill('SIGSTOP', 1)(job)
    await new Promise(resolve => setTimeout(resolve, seconds * 1000))
    await kill('SIGCONT', 1)(job)
  }
}

for (const over of ['shm', 'ipc'])
  for (const row of ofRanks) test(`${row.fault}, ${over}`, t => run(t, over, row))
for (const allreduce of ['ring', 'direct', 'star'])
  test(`F18 another length, ${allreduce}`, t =>
    run(t, 'ipc', {
      ...ofRanks[11],
      fault: `F18 another length, ${allreduce}`,
      options: ['--allreduce', allreduce],
    }))
for (const row of ofLinks) test(`${row.fault}, tcp`, t => run(t, 'tcp', row))
test('F2 kill -9, tcp', t => run(t, 'tcp', ofRanks[2]))

/** Two ranks have but each other to blame; of four, some are nobody's neighbour of the one that fails. */
const again = /^(F2 kill -9|F3|F4 SIGSTOP, --op|F9|F12|F18 another length)/
for (const np of [2, 4]) {
  for (const [over, rows] of [
    ['ipc', ofRanks],
    ['tcp', ofLinks],
  ] as const)
    for (const row of rows.filter(({ fault }) => again.test(fault)))
      test(`${row.fault}, ${over}, np ${np}`, t => run(t, over, row, np))
}
for (const over of ['shm', 'ipc']) test(`F2 kill -9, ${over}, np 8`, t => run(t, over, ofRanks[2], 8))
for (const over of ['shm', 'ipc'])
  test(`F16 all but one, ${over}, np 4`, t =>
    run(
      t,
      over,
      {
        ...ofRanks.find(({ fault }) => fault === 'F16 two at once')!,
        fault: 'F16 all but one at once',
        strike: kill('SIGKILL', 1, 2, 3),
        named: /rank [123] \(.*\) was killed by SIGKILL/,
      },
      4,
    ))
