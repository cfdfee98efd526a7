import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { readJson, run } from '../rig.ts'
import { Cluster, noCluster } from './cluster.ts'

/** Long enough to cross several updates. */
const TRAIN = ['train', '--total-steps', '4096']

describe('over ssh', { skip: noCluster() }, () => {
  let cluster: Cluster
  const after_: (() => unknown)[] = []
  before(async () => {
    cluster = await Cluster.start({ after: (fn: () => unknown) => after_.push(fn) } as never, [
      'login',
      'n1',
      'n2',
      'n3',
    ])
  })
  after(() => after_.forEach(fn => fn()))

  test('four hosts give the parameters of one rank on one', async () => {
    const alone = join(cluster.folder, 'alone')
    assert.equal((await run(['--out', alone, ...TRAIN])).status, 0)
    const out = join(cluster.folder, 'four')
    const { status, stderr } = await cluster.pporun(['-H', 'login,n1,n2,n3', '--out', out, ...TRAIN]).ended
    assert.equal(status, 0, stderr)
    const { paramsHash } = readJson<{ paramsHash: string }>(out, 'run.json')
    assert.equal(paramsHash, readJson<{ paramsHash: string }>(alone, 'run.json').paramsHash)
    await cluster.quiet(5)
  })
})
