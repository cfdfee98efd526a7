/** Engines that are not exact: gradients go over the wire in float32, and all ranks hold equal bits after every update. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { UsageError } from '../../src/base/errors.ts'
import { registerNetwork } from '../../src/engine/tfjs/networks.ts'
import { openFleet } from '../../src/fleet.ts'
import { resolveConfig } from '../../src/options.ts'
import { readJson, run, temporaryFolder } from '../rig.ts'
import { hashesOfUpdates } from './hashes.ts'
import { inprocCommunicators, trainInProcess } from './twin.ts'

const small = ['--total-steps', '768', '--update-epochs', '2']

for (const engine of ['tfjs-wasm', 'tfjs-cpu', 'native'])
  for (const size of [1, 2, 3])
    test(`${engine}, float32, np ${size}: parameters are equal bits after every update`, async () => {
      const hashes = await hashesOfUpdates(size, [...small, '--engine', engine, '--reduction', 'float32'])
      assert.equal(hashes[0].length, 3)
      assert.equal(new Set(hashes[0]).size, 3)
      for (const ofRank of hashes) assert.deepEqual(ofRank, hashes[0])
    })

registerNetwork('Small', (tf, { shape, outputs }) => {
  const inputs = tf.input({ shape: [...shape] })
  const hidden = tf.layers.dense({ units: 8, activation: 'relu' }).apply(inputs)
  const heads = [outputs, 1].map(units => tf.layers.dense({ units }).apply(hidden) as typeof inputs)
  return tf.model({ inputs, outputs: heads })
})

for (const size of [1, 2, 3])
  test(`a script's own network, np ${size}: parameters are equal bits after every update`, async () => {
    const hashes = await hashesOfUpdates(size, [...small, '--engine', 'tfjs-cpu', '--network', 'Small'])
    assert.equal(new Set(hashes[0]).size, 3)
    for (const ofRank of hashes) assert.deepEqual(ofRank, hashes[0])
  })

test("engines of ours refuse a script's network, and unknown ones are named", async () => {
  const open = (options: string[]) => openFleet(resolveConfig({}, options), inprocCommunicators(1)[0])
  await assert.rejects(
    open(['--network', 'Small', '--engine', 'native']),
    new UsageError(
      "--engine native: the network 'Small' is made of TensorFlow.js; leave --engine out, or use tfjs-node-gpu, tfjs-node, tfjs-wasm, tfjs-cpu",
    ),
  )
  await assert.rejects(
    open(['--network', 'Smal']),
    /^Error: --network Smal: the script has registered no such network; did you mean Small\? \(registerNetwork\('Smal', \.\.\.\)\)$/,
  )
})

test('a run on processes gives the bits of the run in one, and run.json says what computed', async t => {
  const out = join(temporaryFolder(t), 'run')
  const options = [...small, '--engine', 'tfjs-wasm']
  const { status, stderr } = await run(['-np', '2', '--out', out, 'train', ...options])
  assert.equal(status, 0, stderr)
  const file = readJson<Record<string, string>>(out, 'run.json')
  assert.deepEqual(
    [file.engine, file.device, file.reduction],
    ['tfjs-wasm', `${process.arch} CPU`, 'float32'],
  )
  assert.equal(file.paramsHash, (await trainInProcess(2, options)).paramsHash)
})

test('--reduction exact is refused where the engine is not', async t => {
  const out = join(temporaryFolder(t), 'run')
  const words = ['--engine', 'tfjs-cpu', '--reduction', 'exact']
  const { status, stderr } = await run(['-np', '2', '--out', out, 'train', ...words])
  assert.equal(status, 2)
  assert.match(stderr, /^pporun: --reduction exact: the tfjs-cpu engine is not exact; [^\n]*\n$/)
})
