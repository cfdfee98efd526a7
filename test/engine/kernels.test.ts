import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Engine } from '../../src/engine/engine.ts'
import { initialParameters } from '../../src/engine/init.ts'
import { KernelEngine } from '../../src/engine/kernels/driver.ts'
import { loadNative, loadWasm } from '../../src/engine/kernels/load.ts'
import { GOLDEN, passesSelfTest, selfTestHash } from '../../src/engine/kernels/selftest.ts'
import { type Layout, layoutOf } from '../../src/engine/layout.ts'
import { engineConformance, float32 } from './conformance.ts'
import { cartPole, randomBatch, sumsOf, uniformGrid } from './random.ts'

const native = (layout: Layout) => new KernelEngine('native', layout, bytes => loadNative(bytes)!)
const wasm = (layout: Layout) => new KernelEngine('wasm', layout, loadWasm)

engineConformance('wasm', layout => wasm(layout), float32)
engineConformance('native', layout => native(layout), float32)

test('the self-test gives the golden hash from both builds', () => {
  assert.equal(selfTestHash(loadWasm), GOLDEN)
  assert.ok(passesSelfTest(bytes => loadNative(bytes)!))
})

test('native and WebAssembly give each other bits, whatever the shape', async () => {
  for (const hidden of [[], [1], [7], [8, 8], [64, 64], [33, 5, 20]])
    for (const activation of ['tanh', 'relu', 'elu'] as const)
      for (const distribution of ['categorical', 'gaussian'] as const)
        for (const observationSize of [1, 4, 9]) {
          const sharedTrunk = observationSize === 4
          const layout = layoutOf({
            ...{ observationSize, hidden, activation, distribution, sharedTrunk },
            numActions: 1 + (hidden.length % 3) * 4,
          })
          const expected = await bitsOf(wasm(layout))
          assert.deepEqual(await bitsOf(native(layout)), expected, JSON.stringify(layout.network))
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
async function bitsOf(engine: Engine): Promise<string[]> {
  const { layout } = engine
  engine.setParameters(initialParameters(layout, 3))
  const { rows, minibatch } = randomBatch(layout, 3, 37)
  engine.setRows(rows)
  const { nonFiniteRow, ...acted } = await engine.act(rows.observations, 50, {
    ...{ seed: 2 ** 40 + 3, firstEnv: 2, step: 9 },
  })
  const before = [String(nonFiniteRow), ...Object.values(acted).map(bytesOf)]
  const sums = await sumsOf(engine, { ...minibatch, klCoef: 0.3 }, uniformGrid(layout, 2 ** -40))
  return [...before, ...Object.values(sums).map(bytesOf)]
}

const bytesOf = (array: ArrayBufferView): string =>
  Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString('hex')
