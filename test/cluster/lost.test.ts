import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { note, table } from '../faults/matrix.ts'
import { type Running, readJson, script, until } from '../rig.ts'
import { Cluster, noCluster } from './cluster.ts'

/**
 * A host that goes without a word: nobody gets a FIN (reference: F9). CONTRACT: named within 10 s; nothing is left
 * anywhere. The table is printed at the end.
 */
after(() => console.log(`\n${table()}\n`))

interface RunFile {
  cause: { host: string; what: string; exitStatus: number; after: number }
}

/** One allreduce after another; or one, then hours of work of one's own, as in sampling. */
const RING = `
import { connect } from 'pporun'
const comm = await connect()
const numbers = new Float32Array(20_000)
for (let i = 0; ; i++) {
  await comm.allreduce(numbers, 'sum')
  if (i === 100 && comm.rank === 0) console.log('under way')
}`
const SAMPLING = `
import { connect } from 'pporun'
const comm = await connect()
await comm.barrier()
if (comm.rank === 0) console.log('under way')
for (;;) {
  for (const end = Date.now() + 50; Date.now() < end; );
  await new Promise(resolve => setImmediate(resolve))
}`

async function start(cluster: Cluster, source: string, ...options: string[]): Promise<Running> {
  const path = script(cluster.folder, source)
  const job = cluster.pporun(['-H', 'login,n1,n2', '--out', join(cluster.folder, 'run'), ...options, path])
  await job.prints('under way')
  return job
}

for (const [phase, source] of [
  ['the ring', RING],
  ['sampling', SAMPLING],
] as const) {
  test(`a cable pulled during ${phase}: the host is named within 10 s, and its ranks end too`, {
    skip: noCluster(),
  }, async t => {
    const cluster = await Cluster.start(t, ['login', 'n1', 'n2'])
    const job = await start(cluster, source)
    const n1 = cluster.host('n1')
    n1.cut()
    const begin = performance.now()
    await job.prints('n1 (ranks 1) has been silent for', 10)
    const seconds = (performance.now() - begin) / 1000
    const { status, stderr } = await job.ended
    assert.equal(status, 124, stderr)
    assert.equal(stderr.match(/all ranks are ended/g)?.length, 1, stderr)
    // Its own end: no order can reach it. sshd there waits for a network that never comes back.
    await until('the ranks on n1 to end', () => n1.processes('node').length === 0 || undefined, 12)
    n1.heal()
    await cluster.quiet(20)
    note({ fault: `F9 cable pulled during ${phase}`, over: 'ssh', seconds, named: true, status, left: 0 })
    const { cause } = readJson<RunFile>(cluster.folder, 'run', 'run.json')
    assert.deepEqual([cause.host, cause.exitStatus], ['n1', 124])
  })

  test(`a host without power during ${phase}: named within 10 s, nothing is left on the others`, {
    skip: noCluster(),
  }, async t => {
    const cluster = await Cluster.start(t, ['login', 'n1', 'n2'])
    const job = await start(cluster, source)
    cluster.host('n2').powerOff()
    const begin = performance.now()
    await job.prints('n2 (ranks 2) has been silent for', 10)
    const seconds = (performance.now() - begin) / 1000
    const { status } = await job.ended
    assert.equal(status, 124)
    await cluster.quiet(5)
    note({ fault: `F9 power off during ${phase}`, over: 'ssh', seconds, named: true, status, left: 0 })
  })
}

test('a short --op-timeout blames the host that does not answer, not a neighbour', {
  skip: noCluster(),
}, async t => {
  const cluster = await Cluster.start(t, ['login', 'n1', 'n2'])
  const job = await start(cluster, RING, '--op-timeout', '3')
  cluster.host('n1').cut()
  await job.prints('n1 (ranks 1) has been silent for', 6)
  assert.equal((await job.ended).status, 124)
})
