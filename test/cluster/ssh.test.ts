import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { readJson, run } from '../rig.ts'
import { onCluster } from './cluster.ts'

const TRAIN = ['train', '--total-steps', '4096']

onCluster('over ssh', ['login', 'n1', 'n2', 'n3'], cluster => {
  test('four hosts give the parameters of one rank on one', async () => {
    const { folder } = cluster()
    const alone = join(folder, 'alone')
    assert.equal((await run(['--out', alone, ...TRAIN])).status, 0)
    const out = join(folder, 'four')
    const { status, stderr } = await cluster().pporun(['-H', 'login,n1,n2,n3', '--out', out, ...TRAIN]).ended
    assert.equal(status, 0, stderr)
    const hash = (run: string) => readJson<{ paramsHash: string }>(run, 'run.json').paramsHash
    assert.equal(hash(out), hash(alone))
    await cluster().quiet(5)
  })
})
