import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Running, readJson, run, temporaryFolder, until } from '../rig.ts'
import { Cluster, noCluster } from './cluster.ts'

/** A host goes, and the job goes on: without it, or with another. */

const skip = noCluster()
const train = ['train', '--total-steps', '25600']

interface RunFile {
  paramsHash: string
  recoveries: { lost: { rank: number; host: string; what: string }[]; np: number; seconds: number }[]
}

async function sameAsUndisturbed(job: Running, out: string, alone: string): Promise<RunFile> {
  const { status, stderr } = await job.ended
  assert.equal(status, 0, stderr)
  const file = readJson<RunFile>(out, 'run.json')
  assert.equal(file.paramsHash, readJson<RunFile>(alone, 'run.json').paramsHash)
  return file
}

for (const hosts of ['login:2,n1:2', 'n1:2,login:2'])
  test(`shrink: the cable of n1 is pulled (-H ${hosts}): two ranks go on, n1's end`, { skip }, async t => {
    const alone = join(temporaryFolder(t), 'alone')
    await run(['--out', alone, ...train])
    const cluster = await Cluster.start(t, ['login', 'n1'])
    const out = join(cluster.folder, 'run')
    const job = cluster.pporun(['-H', hosts, '--on-failure', 'shrink', '--out', out, ...train])
    await job.prints('SPS')
    const n1 = cluster.host('n1')
    n1.cut()
    await job.prints('has been silent for', 10)
    await until('the ranks on n1 to end', () => n1.processes('node').length === 0 || undefined, 20)
    n1.heal()
    const { recoveries } = await sameAsUndisturbed(job, out, alone)
    assert.deepEqual(
      recoveries.map(({ np, lost }) => [np, ...lost.map(({ host }) => host)]),
      [[2, 'n1', 'n1']],
    )
    await cluster.quiet(20)
  })

test('replace: n1 loses its power, n2 comes into the hostfile and takes its ranks', { skip }, async t => {
  const long = ['train', '--total-steps', '150000'] // still at work when n2 has come
  const alone = join(temporaryFolder(t), 'alone')
  await run(['--out', alone, ...long])
  const cluster = await Cluster.start(t, ['login', 'n1', 'n2'])
  const [out, hosts] = [join(cluster.folder, 'run'), join(cluster.folder, 'list')]
  writeFileSync(hosts, 'login slots=2\nn1 slots=2\n')
  const job = cluster.pporun(['--hostfile', hosts, '--on-failure', 'replace', '--out', out, ...long])
  await job.prints('SPS')
  cluster.host('n1').powerOff()
  await job.prints('has been silent for', 10)
  writeFileSync(hosts, 'login slots=2\nn2 slots=2\n')
  await job.prints('joined; 4 ranks go on')
  const [first, ...joined] = (await sameAsUndisturbed(job, out, alone)).recoveries
  assert.deepEqual([first.np, first.lost.length], [2, 2])
  assert.equal(joined.at(-1)?.np, 4) // ranks of n2 come one by one, or together
  for (const { lost } of joined) assert.deepEqual(lost, [])
  await cluster.quiet(5)
})

test('a host that is taken out of the hostfile loses its ranks', { skip }, async t => {
  const long = ['train', '--total-steps', '60000'] // the file is looked at once a second
  const alone = join(temporaryFolder(t), 'alone')
  await run(['--out', alone, ...long])
  const cluster = await Cluster.start(t, ['login', 'n1'])
  const [out, hosts] = [join(cluster.folder, 'run'), join(cluster.folder, 'list')]
  writeFileSync(hosts, 'login slots=1\nn1 slots=1\n')
  const job = cluster.pporun(['--hostfile', hosts, '--on-failure', 'shrink', '--out', out, ...long])
  await job.prints('SPS')
  writeFileSync(hosts, 'login slots=1\n')
  await job.prints('n1 (ranks 1) is not in the hostfile any more; 1 ranks go on')
  await sameAsUndisturbed(job, out, alone)
  await cluster.quiet(5)
})
