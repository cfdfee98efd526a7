import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Checkpoint, loadCheckpoint } from '../../src/checkpoint/checkpoint.ts'
import { CheckpointWriter } from '../../src/checkpoint/writer.ts'
import { temporaryFolder } from '../rig.ts'

const at = (steps: number): Checkpoint => ({
  env: 'CartPole-v1',
  network: {},
  normalizer: null,
  steps,
  paramsHash: '',
  score: null,
  tensors: [{ name: 'w', shape: [1], offset: 0, size: 1 }],
  parameters: Float32Array.of(steps),
  vectors: {},
  state: { steps },
})

test('the newest stay, and what a dead writer left half done goes', async t => {
  const run = temporaryFolder(t)
  mkdirSync(join(run, 'checkpoints', '5.77.tmp'), { recursive: true })
  const warnings: string[] = []
  const writer = new CheckpointWriter(run, text => warnings.push(text))
  for (const steps of [10, 20, 100, 200]) await writer.save(at(steps), 2)
  await writer.close()
  assert.deepEqual(readdirSync(join(run, 'checkpoints')).sort(), ['100', '200', 'latest'])
  assert.deepEqual(loadCheckpoint(run).state, { steps: 200 })
  assert.deepEqual(warnings, [])
})

test('one that goes is whole or not there at any moment', async t => {
  const run = temporaryFolder(t)
  const writer = new CheckpointWriter(run, text => assert.fail(text))
  await writer.save(at(10), 1)
  await writer.close()
  const old = join(run, 'checkpoints', '10')
  // So many files that to remove them takes a while.
  for (let i = 0; i < 300; i++) writeFileSync(join(old, `${i}`), '')
  let isDone = false
  await writer.save(at(20), 1)
  void writer.close().then(() => (isDone = true))
  for (; !isDone; await new Promise(setImmediate)) assert.ok([303, null].includes(filesIn(old)))
  assert.ok(!existsSync(old))
})

/** How many; null: there is no such folder. */
function filesIn(folder: string): number | null {
  try {
    return readdirSync(folder).length
  } catch {
    return null
  }
}

test('the best by evaluation stays, and of equal ones the earliest', async t => {
  const run = temporaryFolder(t)
  const writer = new CheckpointWriter(run, text => assert.fail(text))
  const scores: [steps: number, score: number | null][] = [
    [10, null],
    [20, 5],
    [30, 7],
    [40, 7],
    [50, 6],
    [60, null],
    [70, 1],
  ]
  for (const [steps, score] of scores) await writer.save({ ...at(steps), score }, 2)
  await writer.close()
  assert.deepEqual(readdirSync(join(run, 'checkpoints')).sort(), ['30', '60', '70', 'best', 'latest'])
  assert.deepEqual(loadCheckpoint(join(run, 'checkpoints', 'best')).state, { steps: 30 })
})

test('what comes in blocks is what is saved whole; where it cannot be written, that is said once', async t => {
  const [run, broken] = [temporaryFolder(t), temporaryFolder(t)]
  const { tensors, parameters, vectors: _, state, ...about } = at(10)
  const wide = tensors.map(tensor => ({ ...tensor, shape: [3], size: 3 }))
  const warnings: string[] = []
  writeFileSync(join(broken, 'checkpoints'), 'in the way')
  for (const folder of [run, broken]) {
    const writer = new CheckpointWriter(folder, text => warnings.push(text))
    const draft = await writer.draft(10, wide, 2, 1)
    for (const name of ['parameters', 'other']) {
      await draft.write(name, parameters)
      await draft.write(name, Float32Array.of(11, 12))
    }
    await draft.seal(about, state)
    assert.equal(await writer.close(), folder === run)
  }
  const vector = Float32Array.of(10, 11, 12)
  assert.deepEqual(loadCheckpoint(run), {
    ...at(10),
    tensors: wide,
    parameters: vector,
    vectors: { other: vector },
  })
  assert.equal(warnings.length, 1)
  assert.match(warnings[0], /^checkpoint of 10 steps not written: /)
})

test('what cannot be written is a warning, the last good one stays, and a later one is tried again', async t => {
  const run = temporaryFolder(t)
  const warnings: string[] = []
  const writer = new CheckpointWriter(run, text => warnings.push(text))
  await writer.save(at(10), 2)
  await writer.close()
  // Where the next is to be written lies a file: no folder can be made, also by root.
  writeFileSync(join(run, 'checkpoints', `20.${process.pid}.tmp`), '')
  await writer.save(at(20), 2)
  await writer.save(at(30), 2)
  await writer.close()
  assert.match(warnings.join(), /^checkpoint of 20 steps not written: EEXIST/)
  assert.deepEqual(loadCheckpoint(run).state, { steps: 30 })
})
