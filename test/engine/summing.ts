/** Conformance of gradients(): summed exactly over shards. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gridOf } from '../../src/base/math/exact.ts'
import { STATISTICS } from '../../src/base/statistics.ts'
import type { Engine, Minibatch, Rows } from '../../src/engine/engine.ts'
import type { MakeEngine, Tolerances } from './conformance.ts'
import { allNear, largestOf } from './near.ts'
import {
  fineGradients,
  oddLayout,
  randomBatch,
  randomParameters,
  type Sums,
  sumsOf,
  uniformGrid,
} from './random.ts'

export function summingConformance(make: MakeEngine, tolerances: Tolerances): void {
  test('a long shard is the sum of its rows', async () => {
    const batch = randomBatch(oddLayout(), 1, 67)
    const whole = await freshSums(make, batch, 2 ** -48)
    const one = { ...batch.minibatch, numShards: 67, rowsPerShard: 1 }
    const rows = await freshSums(make, { ...batch, minibatch: one }, 2 ** -48)
    allNear(whole.gradient, rows.gradient, tolerances.tensor * largestOf(whole.gradient))
    assert.equal(rows.statistics.length, 67 * STATISTICS)
  })

  test('shards give the same bits on one engine as divided over two', async t => {
    if (!make(oddLayout()).exact) return t.skip('not an exact engine')
    const batch = randomBatch(oddLayout(), 8, 5)
    const magnitude = largestOf((await freshSums(make, batch)).gradient)
    const whole = await freshSums(make, batch, gridOf(magnitude))
    const low = await freshSums(make, shardsOf(batch, 0, 4), gridOf(magnitude))
    const high = await freshSums(make, shardsOf(batch, 4, 8), gridOf(magnitude))
    assert.deepEqual(
      low.gradient.map((x, i) => x + high.gradient[i]),
      whole.gradient,
    )
    assert.deepEqual([...low.statistics, ...high.statistics], [...whole.statistics])
    assert.deepEqual([...low.largest, ...high.largest], [...whole.largest])
  })

  test('sums are multiples of the grid; largest is what they were before', async t => {
    const layout = oddLayout()
    if (!make(layout).exact) return t.skip('not an exact engine')
    const batch = randomBatch(layout, 1, 6)
    const exact = await fineGradients(prepare(make, batch.rows), batch.minibatch)
    const coarse = await freshSums(make, batch, 0.25)
    for (const x of coarse.gradient) assert.equal(4 * x, Math.round(4 * x))
    const largest = layout.tensors.map(({ offset, size }) =>
      largestOf(exact.gradient.subarray(offset, offset + size)),
    )
    allNear(coarse.largest, largest, 1e-12)
  })

  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY])
    test(`${bad} in a parameter or an observation shows in largest`, async () => {
      const layout = oddLayout({ activation: 'relu' })
      const { rows, minibatch } = randomBatch(layout, 2, 4)
      const engine = make(layout)
      engine.setRows(rows)
      for (const { offset } of layout.tensors) {
        const parameters = randomParameters(layout, 7)
        parameters[offset] = bad
        engine.setParameters(parameters)
        const { largest } = await sumsOf(engine, minibatch, uniformGrid(layout, 2 ** -40))
        assert.ok(!largest.every(Number.isFinite))
      }
      engine.setParameters(randomParameters(layout, 7))
      rows.observations[minibatch.indices[0] * layout.network.observationSize] = bad
      engine.setRows(rows)
      const { largest } = await sumsOf(engine, minibatch, uniformGrid(layout, 2 ** -40))
      const [first, second] = [largest.slice(0, largest.length / 2), largest.slice(largest.length / 2)]
      assert.ok(!first.every(Number.isFinite))
      if (engine.exact) assert.ok(second.every(Number.isFinite), 'the other shard is none the worse')
    })
}

interface Batch {
  rows: Rows
  minibatch: Minibatch
}

function prepare(make: MakeEngine, rows: Rows): Engine {
  const layout = oddLayout()
  const engine = make(layout)
  engine.setParameters(randomParameters(layout, 7))
  engine.setRows(rows)
  return engine
}

async function freshSums(
  make: MakeEngine,
  { rows, minibatch }: Batch,
  grid: number = 2 ** -40,
): Promise<Sums> {
  return sumsOf(prepare(make, rows), minibatch, uniformGrid(oddLayout(), grid))
}

function shardsOf({ rows, minibatch }: Batch, from: number, to: number): Batch {
  const { rowsPerShard, indices } = minibatch
  const some = indices.slice(from * rowsPerShard, to * rowsPerShard)
  return { rows, minibatch: { ...minibatch, numShards: to - from, indices: some } }
}
