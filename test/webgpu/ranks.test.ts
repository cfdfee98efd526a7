/** Ranks on a WebGPU device: equal bits, what run.json says, what is refused, a job that is gone on with. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openDevice } from '../../src/engine/webgpu/load.ts'
import { findWebgpuEngine } from '../../src/engine/webgpu/make.ts'
import { oddLayout } from '../engine/random.ts'
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

test('a rank that learns and has no environments', only, async t => {
  const words = [...small, '--parallelism', 'sampler', '--learners', '1']
  const out = join(temporaryFolder(t), 'run')
  const { status, stderr } = await run(['-np', '2', '--out', out, 'train', ...words], { env: software })
  assert.equal(status, 0, stderr)
})

test('--require-gpu refuses an adapter that is software, by name and for auto', only, async t => {
  const { isSoftware } = (await openDevice()).traits
  if (!isSoftware) return t.skip('a GPU is here')
  const cwd = temporaryFolder(t)
  writeFileSync(join(cwd, 'nvidia-smi'), '#!/bin/sh\necho "GPU 0: Pretended (UUID: GPU-0)"\n', {
    mode: 0o755,
  })
  const env = { ...software, PATH: `${cwd}:${process.env.PATH}`, XDG_CACHE_HOME: cwd }
  const start = (engine: string) =>
    run(['--require-gpu', '-np', '1', '--out', engine, 'train', '--engine', engine], { cwd, env })
  const named = await start('webgpu')
  assert.equal(named.status, 2)
  assert.match(
    named.stderr,
    /^pporun: --require-gpu: rank 0 computes on \S+ .*software.* with --engine webgpu; [^\n]*\n$/,
  )
  const auto = await start('auto')
  assert.equal(auto.status, 2)
  assert.match(
    auto.stderr,
    /^pporun: --engine auto: nothing here [^\n]*; webgpu: no GPU here, only [^\n]*\n$/,
  )
})

test('auto leaves software alone', only, async () => {
  const { isSoftware } = (await openDevice()).traits
  const found = await findWebgpuEngine(oddLayout())
  assert.equal(typeof found === 'string', isSoftware)
})
