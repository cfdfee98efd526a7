import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { readJson, run } from '../rig.ts'
import { onCluster } from './cluster.ts'

const TRAIN = ['train', '--total-steps', '2048', '--update-epochs', '4']

const ways = [
  ['local', '--average-every', '3'],
  ['sampler'],
  ['server', '--servers', '2'],
  ['model', '--model-parallel', '2'],
]

onCluster('by every way', ['login', 'n1', 'n2', 'n3'], cluster => {
  const hashOf = (out: string) => readJson<{ paramsHash: string }>(out, 'run.json').paramsHash

  test('four hosts train as one does', async () => {
    const { folder } = cluster()
    const hosts = ['-H', 'login,n1,n2,n3']
    for (const [name, ...way] of ways) {
      const options = [...TRAIN, '--parallelism', name, ...way]
      const here = join(folder, `${name}-here`)
      // Sums that round are added in another order in shared memory.
      assert.equal((await run(['-np', '4', '--allreduce', 'direct', '--out', here, ...options])).status, 0)
      const out = join(folder, name)
      const { status, stderr } = await cluster().pporun([...hosts, '--out', out, ...options]).ended
      assert.equal(status, 0, stderr)
      assert.equal(hashOf(out), hashOf(here), name)
    }
    await cluster().quiet(5)
  })
})
