/** Ranks on a WebGPU device: equal bits, what run.json says, what is refused, a job that is gone on with. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { openDevice } from '../../src/engine/webgpu/load.ts'
import { hashesOfUpdates } from '../ranks/hashes.ts'
import { readJson, run, temporaryFolder } from '../rig.ts'
import { software, whyNoAdapter } from './adapter.ts'

const skip = await whyNoAdapter()
const only = skip === null ? {} : { skip }
const small = ['--total-steps', '768', '--update-epochs', '2', '--engine', 'webgpu', '--hidden', '16']

for (const size of [1, 2, 3])
  test(`np ${size}: parameters are equal bits after every update`, only, async () => {
    const hashes = await hashesOfUpdates(size, small)
    assert.equal(new Set(hashes[0]).size, 3)
    for (const ofRank of hashes) assert.deepEqual(ofRank, hashes[0])
  })

test(
  'a rank says what it computes on, and that software is no GPU; it resumes with the same bits',
  only,
  async t => {
    const { name, isSoftware } = (await openDevice()).traits
    const folder = temporaryFolder(t)
    const start = async (out: string, ...words: string[]) => {
      const { status, stdout, stderr } = await run(
        ['-np', '2', '--out', join(folder, out), 'train', ...small, ...words],
        {
          env: software,
        },
      )
      assert.equal(status, 0, stderr)
      return { told: stdout + stderr, file: readJson<Record<string, string>>(folder, out, 'run.json') }
    }
    const { told, file } = await start('whole', '--checkpoint-every', '2')
    assert.deepEqual([file.engine, file.device, file.reduction], ['webgpu', name, 'float32'])
    const said = /warning: rank 1 was to train on a GPU and trains on .*software.*: Vulkan finds no GPU there/
    assert.equal(said.test(told), isSoftware)
    const { file: resumed } = await start('rest', '--resume', join(folder, 'whole', 'checkpoints', '512'))
    assert.equal(resumed.paramsHash, file.paramsHash)
  },
)

test('observations that are normalised, and episodes that are cut', only, async t => {
  const folder = temporaryFolder(t)
  const words = [...small, '--normalize-observations', '--normalize-rewards', '--kl-coef', '0.1']
  const { status, stderr } = await run(['-np', '2', '--out', join(folder, 'run'), 'train', ...words], {
    env: software,
  })
  assert.equal(status, 0, stderr)
})
