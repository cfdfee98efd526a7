import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Acted, Engine } from '../../src/engine/engine.ts'
import { initialParameters } from '../../src/engine/init.ts'
import { KernelEngine } from '../../src/engine/kernels/driver.ts'
import { loadNative, loadWasm } from '../../src/engine/kernels/load.ts'
import { GOLDEN, passesSelfTest, selfTestHash } from '../../src/engine/kernels/selftest.ts'
import { type Layout, layoutOf } from '../../src/engine/layout.ts'
import { cartPole, randomBatch } from './random.ts'

const native = (layout: Layout) => new KernelEngine('native', layout, bytes => loadNative(bytes)!)
const wasm = (layout: Layout) => new KernelEngine('wasm', layout, loadWasm)

test('the self-test gives the golden hash from both builds', () => {
  assert.equal(selfTestHash(loadWasm), GOLDEN)
  assert.ok(passesSelfTest(bytes => loadNative(bytes)!))
})

test('native and WebAssembly give each other bits, whatever the shape', () => {
  for (const hidden of [[], [1], [7], [8, 8], [64, 64], [33, 5, 20]])
    for (const activation of ['tanh', 'relu', 'elu'] as const)
      for (const observationSize of [1, 4, 9]) {
        const layout = layoutOf({
          observationSize,
          hidden,
          activation,
          sharedTrunk: false,
          distribution: 'categorical',
          numActions: 1 + (hidden.length % 3) * 4,
        })
        assert.deepEqual(bitsOf(native(layout)), bitsOf(wasm(layout)), JSON.stringify(layout.network))
      }
})

test('several engines in one process keep their own memory', () => {
  const layout = layoutOf({ ...cartPole, hidden: [8] })
  const [a, b] = [native(layout), native(layout)]
  a.setParameters(initialParameters(layout, 1))
  b.setParameters(initialParameters(layout, 2))
  const observations = Float32Array.of(0.1, -0.2, 0.3, 0.4)
  const alone = [...a.values(observations, 1)]
  b.values(observations, 1)
  assert.deepEqual([...a.values(observations, 1)], alone)
  assert.notDeepEqual([...b.values(observations, 1)], alone)
})

/** Everything that an engine computes, as bytes. */
function bitsOf(engine: Engine): string[] {
  const { layout } = engine
  engine.setParameters(initialParameters(layout, 3))
  const { rows, minibatch } = randomBatch(layout, 3, 37)
  engine.setRows(rows)
  const acted = engine.act(rows.observations, 50, { seed: 2 ** 40 + 3, firstEnv: 2, step: 9 })
  const { nonFiniteRow, ...arrays } = acted as Acted
  const before = [String(nonFiniteRow), ...Object.values(arrays).map(bytesOf)]
  const sums = engine.gradients(minibatch, new Float64Array(layout.tensors.length).fill(2 ** -40))
  return [...before, ...Object.values(sums).map(bytesOf)]
}

const bytesOf = (array: ArrayBufferView): string =>
  Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString('hex')
