/** Ways that are not lockstep, over four hosts: they learn; without a host that is lost the others go on. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { readJson, run } from '../rig.ts'
import { onCluster } from './cluster.ts'

const HOSTS = ['login', 'n1', 'n2', 'n3']
const ON_HOSTS = ['-H', HOSTS.join(',')]

const ways: Record<string, string[]> = {
  async: ['--parallelism', 'async', '--total-steps', '80000'],
  'server --async': ['--parallelism', 'server', '--async'],
  population: ['--parallelism', 'population', '--total-steps', '50000'],
  federated: ['--parallelism', 'federated', '--secure', '--dropout', '0.2'],
}
/** Those that give the same bits twice. */
const repeatable = ['population', 'federated']

interface Run {
  paramsHash: string
  evaluation: { meanReturn: number }
}

onCluster('ranks that do not wait for each other', HOSTS, cluster => {
  for (const [name, way] of Object.entries(ways))
    test(`${name}: CartPole-v1 to 475 on four hosts`, async t => {
      const out = join(cluster().folder, name)
      const { status, stderr } = await cluster().pporun([...ON_HOSTS, '--out', out, 'train', ...way]).ended
      assert.equal(status, 0, stderr)
      const { evaluation, paramsHash } = readJson<Run>(out, 'run.json')
      t.diagnostic(`${evaluation.meanReturn}`)
      assert.ok(evaluation.meanReturn >= 475, `${evaluation.meanReturn}`)
      await cluster().quiet(5)
      if (!repeatable.includes(name)) return
      const here = join(cluster().folder, `${name}-here`)
      assert.equal((await run(['-np', '4', '--out', here, 'train', ...way])).status, 0)
      assert.equal(readJson<Run>(here, 'run.json').paramsHash, paramsHash)
    })

  for (const [name, way] of Object.entries(ways))
    test(`${name}: three hosts go on without the last`, async () => {
      const out = join(cluster().folder, `${name}-lost`)
      const launch = [...ON_HOSTS, '--on-failure', 'shrink', '--out', out]
      const job = cluster().pporun([...launch, 'train', '--total-steps', '30000', ...way])
      await job.prints('SPS')
      for (const { pid } of cluster().host('n3').processes('preload.js')) process.kill(pid, 'SIGKILL')
      const { status, stderr } = await job.ended
      assert.equal(status, 0, stderr)
      assert.match(stderr, /rank 3 \(n3.*\) was killed by SIGKILL; 3 ranks go on/)
      await cluster().quiet(5)
    })
})
