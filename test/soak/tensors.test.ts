/** TensorFlow.js frees nothing by itself: what an engine makes is counted over many updates. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { libtensorflowFolder } from '../../src/base/libtensorflow.ts'
import type { Engine } from '../../src/engine/engine.ts'
import { initialParameters } from '../../src/engine/init.ts'
import { TfjsEngine } from '../../src/engine/tfjs/engine.ts'
import { loadBackend, type TfjsEngineName } from '../../src/engine/tfjs/load.ts'
import { networkOf } from '../../src/engine/tfjs/network.ts'
import { WebgpuEngine } from '../../src/engine/webgpu/engine.ts'
import { newDevice } from '../../src/engine/webgpu/load.ts'
import { pictures } from '../engine/pictures.ts'
import { oddLayout, randomBatch, sumsOf, uniformGrid } from '../engine/random.ts'
import { whyNoAdapter } from '../webgpu/adapter.ts'

const mlp: (typeof pictures)[number] = ['an MLP', {}]
const UPDATES = Number(process.env.SOAK_UPDATES ?? 10_000)
const here: TfjsEngineName[] = ['tfjs-wasm', 'tfjs-cpu']
if (existsSync(libtensorflowFolder('tfjs-node'))) here.push('tfjs-node')

// Convolutions on tfjs-cpu would take an hour, and run the same lines.
for (const name of here)
  for (const [kind, network] of name === 'tfjs-cpu' ? [mlp] : [mlp, pictures[0]])
    test(`${name}, ${kind}: as many tensors after ${UPDATES} updates as after one`, async () => {
      const backend = await loadBackend(name)
      const layout = oddLayout(network)
      const engine = new TfjsEngine(name, layout, backend, networkOf(backend.tf, layout))
      const update = updateOf(engine)
      await update()
      const { numTensors, numBytes } = backend.tf.memory()
      for (let i = 1; i < UPDATES; i++) await update()
      const after = backend.tf.memory()
      assert.deepEqual([after.numTensors, after.numBytes], [numTensors, numBytes])
    })

const skip = await whyNoAdapter()
for (const [kind, network] of [mlp, pictures[0]])
  test(`webgpu, ${kind}: no buffer after the first update`, skip === null ? {} : { skip }, async () => {
    const device = await newDevice()
    const layout = oddLayout(network)
    const engine = new WebgpuEngine(layout, device)
    const update = updateOf(engine)
    for (let i = 0; i < 3; i++) await update() // buffers grow with the rows
    const { buffers } = device
    const before = process.memoryUsage().rss
    for (let i = 1; i < UPDATES; i++) await update()
    assert.equal(device.buffers, buffers)
    const grown = (process.memoryUsage().rss - before) / 2 ** 20
    assert.ok(grown < 64, `${grown.toFixed(0)} MB more`)
    device.destroy()
  })

/** Every call of an update. */
function updateOf(engine: Engine): () => Promise<void> {
  const { layout } = engine
  const parameters = initialParameters(layout, 1)
  const { rows, minibatch } = randomBatch(layout, 2, 4)
  const grid = uniformGrid(layout, 2 ** -40)
  return async () => {
    await engine.act(rows.observations, 8, { seed: 1, firstEnv: 0, step: 0 })
    await engine.values(rows.observations, 8)
    engine.setRows(rows)
    await sumsOf(engine, minibatch, grid)
    engine.setParameters(parameters)
  }
}
