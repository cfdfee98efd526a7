import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { readJson, run } from '../rig.ts'
import { onCluster } from './cluster.ts'

const TRAIN = ['train', '--total-steps', '2048', '--update-epochs', '4', '--checkpoint-every', '2']

const ways = [
  ['local', '--average-every', '3'],
  ['sampler'],
  ['server', '--servers', '2'],
  ['model', '--model-parallel', '2'],
]

onCluster('by every way', ['login', 'n1', 'n2', 'n3'], cluster => {
  const hashOf = (out: string) => readJson<{ paramsHash: string }>(out, 'run.json').paramsHash

  test('four hosts train as one does, and go on when the first rank is lost: the learner, the server', async () => {
    const { folder } = cluster()
    const hosts = ['-H', 'login,n1,n2,n3']
    const loss = ['--fault', 'rank=0,update=6,kind=kill9']
    for (const [name, ...way] of ways) {
      const options = [...TRAIN, '--parallelism', name, ...way]
      const here = join(folder, `${name}-here`)
      // Sums that round are added in another order in shared memory.
      assert.equal((await run(['-np', '4', '--allreduce', 'direct', '--out', here, ...options])).status, 0)
      const out = join(folder, name)
      const broken = await cluster().pporun([...hosts, ...loss, '--out', out, ...options]).ended
      assert.equal(broken.status, 137, broken.stderr)
      assert.match(broken.stderr, /rank 0 \(.*\) was killed by SIGKILL/)
      const rest = await cluster().pporun([...hosts, '--out', out, ...options, '--resume', 'auto']).ended
      assert.equal(rest.status, 0, rest.stderr)
      assert.match(rest.stdout, /goes on after update [24] of 8/)
      assert.equal(hashOf(out), hashOf(here), name)
    }
    await cluster().quiet(5)
  })
})
