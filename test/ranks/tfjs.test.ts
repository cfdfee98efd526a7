/** Engines that are not exact: gradients go over the wire in float32, and all ranks hold equal bits after every update. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { UsageError } from '../../src/base/errors.ts'
import { registerNetwork } from '../../src/engine/tfjs/networks.ts'
import type { Environment } from '../../src/env/environment.ts'
import { registerEnv } from '../../src/env/registry.ts'
import { type BoxSpace, box, dict } from '../../src/env/spaces.ts'
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
    open(['--network', 'Smal', '--engine', 'tfjs-cpu']),
    /^Error: --network Smal: the script has registered no such network; did you mean Small\? \(registerNetwork\('Smal', \.\.\.\)\)$/,
  )
})

const walls = { low: [-1, -1, 0, 0], high: [1, 1, 1, 1] }
/** A walk whose observation is one vector or two. */
const walk = (isDict: boolean) => (): Environment => {
  let [x, t] = [0, 0]
  const observe = () => {
    const numbers = [x / 8, Math.abs(x) / 8, t / 20, 1]
    return (isDict ? { place: numbers.slice(0, 2), time: numbers.slice(2) } : numbers) as number[]
  }
  const { low, high } = walls
  const space = isDict
    ? dict({ place: box(low.slice(0, 2), high.slice(0, 2)), time: box(low.slice(2), high.slice(2)) })
    : box(low, high)
  return {
    observationSpace: space as BoxSpace,
    actionSpace: { type: 'discrete', n: 2 },
    reset: ({ seed = 0 } = {}) => {
      ;[x, t] = [(seed % 9) - 4, 0]
      return { observation: observe(), info: {} }
    },
    step: action => {
      x = Math.max(-8, Math.min(8, x + 2 * (action as number) - 1))
      t++
      return { observation: observe(), reward: -Math.abs(x), terminated: false, truncated: t >= 20, info: {} }
    },
  }
}
registerEnv('Walk-v0', walk(false))
registerEnv('DictWalk-v0', walk(true))

test('a Dict of vectors has the bits of one vector, at np 1 and 2', async () => {
  const hashes = []
  for (const [size, env] of [
    [1, 'Walk-v0'],
    [1, 'DictWalk-v0'],
    [2, 'DictWalk-v0'],
  ] as const)
    hashes.push(
      (
        await hashesOfUpdates(size, [
          ...small,
          '--engine',
          'native',
          '--env',
          env,
          '--normalize-observations',
        ])
      )[0],
    )
  assert.deepEqual(hashes[1], hashes[0])
  assert.deepEqual(hashes[2], hashes[0])
})

test('encoders of a Dict: parameters are equal bits on two ranks after every update', async () => {
  const words = [
    '--env',
    'DictWalk-v0',
    '--num-steps',
    '32',
    '--key-encoders',
    'place=mlp:8,time=none',
    '--engine',
    'tfjs-cpu',
  ]
  const hashes = await hashesOfUpdates(2, [...small, ...words])
  assert.equal(new Set(hashes[0]).size, 3)
  assert.deepEqual(hashes[1], hashes[0])
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
