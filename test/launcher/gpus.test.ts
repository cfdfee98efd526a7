import assert from 'node:assert/strict'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { choose, mayHaveGpu } from '../../launcher/gpus.ts'
import { run, script, temporaryFolder } from '../rig.ts'

const three = `GPU 0: NVIDIA H200 (UUID: GPU-0a11)
GPU 1: NVIDIA H200 (UUID: GPU-1b22)
GPU 2: NVIDIA H200 (UUID: GPU-2c33)
`
/** As nvidia-smi -L lists a device that is cut into two. */
const cut = `GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-0a11)
  MIG 3g.20gb     Device  0: (UUID: MIG-aaaa)
  MIG 3g.20gb     Device  1: (UUID: MIG-bbbb)
GPU 1: NVIDIA A100-SXM4-40GB (UUID: GPU-1b22)
`

test('what nvidia-smi lists, as far as CUDA_VISIBLE_DEVICES or Slurm leaves it', () => {
  const cases: [listed: string, cuda: string | undefined, slurm: string | undefined, expected: string][] = [
    [three, undefined, undefined, '0 1 2'],
    [three, '2,0', undefined, '2 0'],
    [three, '1, 2', undefined, '1 2'],
    [three, '0,7,1', undefined, '0'],
    [three, '', undefined, ''],
    [three, '-1', undefined, ''],
    [three, 'GPU-1b,GPU-ff', undefined, 'GPU-1b'],
    [three, 'NoDevFiles', '0', ''],
    [three, undefined, '1,2', '1 2'],
    [three, '0', '1,2', '0'],
    [three, undefined, '4,5,6', '0 1 2'],
    [cut, undefined, undefined, 'MIG-aaaa MIG-bbbb 1'],
    [cut, 'MIG-bb', undefined, 'MIG-bb'],
    ['', undefined, undefined, ''],
  ]
  for (const [listed, cuda, slurm, expected] of cases)
    assert.equal(choose(listed, cuda, slurm).join(' '), expected, `${cuda} ${slurm}`)
})

/** A PATH on which nvidia-smi lists three GPUs. */
function withGpus(folder: string): NodeJS.ProcessEnv {
  const path = join(folder, 'nvidia-smi')
  writeFileSync(path, `#!/bin/sh\n[ "$1" = -L ] && cat <<'X'\n${three}X\n`)
  chmodSync(path, 0o755)
  return { PATH: `${folder}:${process.env.PATH}` }
}

const tell = `console.log(process.env.CUDA_VISIBLE_DEVICES ?? 'unset')`

test('each rank gets its own devices; that ranks share is said', async t => {
  const folder = temporaryFolder(t)
  const env = withGpus(folder)
  const path = script(folder, tell)
  const ranks = async (...words: string[]) => {
    const { stdout, stderr } = await run([...words, '--tag-output', path], { env })
    return [...stdout.trimEnd().split('\n').sort(), ...(stderr.match(/share .* GPUs/g) ?? [])]
  }
  assert.deepEqual(await ranks('-np', '3'), ['[0] 0', '[1] 1', '[2] 2'])
  assert.deepEqual(await ranks('-x', 'CUDA_VISIBLE_DEVICES=2,1', '-np', '2'), ['[0] 2', '[1] 1'])
  assert.deepEqual(await ranks('-H', 'localhost:4'), ['[0] 0', '[1] 1', '[2] 2', '[3] 0', 'share 3 GPUs'])
  const { stdout } = await run(['--dry-run', '-np', '4', 'train'], { env })
  assert.match(stdout, / local +4 +0-3 +0-2, shared\n.*: 4 ranks share 3 GPUs\n$/)
})

const onlyWithout = mayHaveGpu() ? { skip: 'a GPU is here' } : {}

test('--require-gpu refuses a host without one', onlyWithout, async t => {
  const path = script(temporaryFolder(t), tell)
  const { status, stderr } = await run(['--require-gpu', '-np', '2', path], { env: { PATH: '/nowhere' } })
  assert.equal(status, 2, stderr)
  assert.match(stderr, /^pporun: .* has no GPU, neither in nvidia-smi nor in \/dev; .*--require-gpu/m)
})

test('without nvidia-smi the ranks’ variable is left alone', async t => {
  const path = script(temporaryFolder(t), tell)
  const env = { PATH: '/nowhere', CUDA_VISIBLE_DEVICES: '5' }
  assert.equal((await run([path], { env })).stdout, '5\n')
})
