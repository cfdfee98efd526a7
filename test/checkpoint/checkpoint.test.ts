import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readlinkSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { PporunError, UsageError } from '../../src/base/errors.ts'
import { type Checkpoint, loadCheckpoint, saveCheckpoint } from '../../src/checkpoint/checkpoint.ts'
import { temporaryFolder } from '../rig.ts'

const tensors = [
  { name: 'actor.0.weight', shape: [2, 4], offset: 0, size: 8 },
  { name: 'actor.0.bias', shape: [2], offset: 8, size: 2 },
]

function checkpointAt(steps: number): Checkpoint {
  const parameters = Float32Array.from({ length: 10 }, (_, i) => steps + i)
  return {
    env: 'CartPole-v1',
    network: { hidden: [] },
    normalizer: { mean: Float64Array.of(0.1, -3), scale: Float64Array.of(1 / 3, 1e-9), clip: 10 },
    tensors,
    steps,
    paramsHash: `hash of ${steps}`,
    score: null,
    parameters,
    vectors: { moment: parameters.map(x => -x) },
    state: { update: steps, moments: Float64Array.of(Number.NaN, 1 / 3), bytes: Uint8Array.of(1, 2) },
  }
}

test('a checkpoint is read back whole, by the run and by its own path', async t => {
  const run = temporaryFolder(t)
  const path = await saveCheckpoint(run, checkpointAt(256))
  assert.equal(path, join(run, 'checkpoints', '256'))
  for (const name of [run, path, join(run, 'checkpoints', 'latest'), `${run}/`])
    assert.deepEqual(loadCheckpoint(name), checkpointAt(256))
})

test('latest moves on, older ones stay, nothing unfinished is left', async t => {
  const run = temporaryFolder(t)
  for (const steps of [256, 512, 1024]) {
    await saveCheckpoint(run, checkpointAt(steps))
    assert.equal(readlinkSync(join(run, 'checkpoints', 'latest')), String(steps))
    assert.equal(loadCheckpoint(run).steps, steps)
  }
  assert.deepEqual(readdirSync(join(run, 'checkpoints')).sort(), ['1024', '256', '512', 'latest'])
  assert.deepEqual(loadCheckpoint(join(run, 'checkpoints', '512')), checkpointAt(512))
})

test('saving at the same steps again replaces', async t => {
  const run = temporaryFolder(t)
  await saveCheckpoint(run, checkpointAt(256))
  await saveCheckpoint(run, { ...checkpointAt(256), paramsHash: 'new' })
  assert.equal(loadCheckpoint(run).paramsHash, 'new')
  assert.deepEqual(readdirSync(join(run, 'checkpoints')).sort(), ['256', 'latest'])
})

test('a run can be moved with its checkpoints: the link is relative', async t => {
  const run = temporaryFolder(t)
  await saveCheckpoint(run, checkpointAt(256))
  assert.equal(readlinkSync(join(run, 'checkpoints', 'latest')), '256')
})

test('a folder without a checkpoint, and none at all, are the user’s mistake', t => {
  const folder = temporaryFolder(t)
  mkdirSync(join(folder, 'checkpoints'))
  assert.throws(
    () => loadCheckpoint(folder),
    new UsageError(
      `${folder}: holds no checkpoint (a run that has not finished?); name a run's folder or one of its checkpoints/<steps>`,
    ),
  )
  assert.throws(() => loadCheckpoint(join(folder, 'x')), /x: does not exist; name a run's folder/)
})

test('a damaged checkpoint is refused in words, with its path', async t => {
  const damages: ((path: string) => void)[] = [
    path => truncateSync(join(path, 'parameters.safetensors'), 100),
    path => writeFileSync(join(path, 'parameters.safetensors'), 'foreign'),
    path => truncateSync(join(path, 'moment.safetensors'), 100),
    path => rmSync(join(path, 'moment.safetensors')),
    path => writeFileSync(join(path, 'checkpoint.json'), '{"format": 1, "env"'),
    path => writeFileSync(join(path, 'checkpoint.json'), '{"format": 99}'),
    path => writeFileSync(join(path, 'checkpoint.json'), '{"format": 3}'),
  ]
  for (const [i, damage] of damages.entries()) {
    const path = await saveCheckpoint(temporaryFolder(t), checkpointAt(256))
    damage(path)
    assert.throws(
      () => loadCheckpoint(path),
      (error: Error) => {
        assert.ok(error instanceof PporunError, `damage ${i}: ${error.stack}`)
        assert.ok(error.message.includes(path), error.message)
        return true
      },
    )
  }
})
