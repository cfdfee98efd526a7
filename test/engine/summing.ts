/** Conformance of gradients(): the derivative of the loss, summed exactly over shards. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gridOf } from '../../src/base/math/exact.ts'
import { STATISTICS, Statistic } from '../../src/base/statistics.ts'
import type { Engine, Minibatch, ShardSums } from '../../src/engine/engine.ts'
import type { MakeEngine, Tolerances } from './conformance.ts'
import { allNear, largestOf } from './near.ts'
import { fineGradients, oddLayout, randomMinibatch, randomParameters, uniformGrid } from './random.ts'

export function summingConformance(make: MakeEngine, tolerances: Tolerances): void {
  for (const activation of ['tanh', 'relu', 'elu'] as const)
    test(`${activation}: gradients are the slopes of the loss`, async () => {
      const layout = oddLayout(activation)
      const engine = make(layout)
      const parameters = randomParameters(layout, 7)
      const minibatch = randomMinibatch(layout, 1, 12)
      engine.setParameters(parameters)
      const gradient = (await fineGradients(engine, minibatch)).gradient.slice()
      const slopes = await measureSlopes(engine, parameters, minibatch, tolerances.step)
      allNear(slopes, gradient, tolerances.slope * largestOf(gradient))
    })

  test('the slopes test sees both clips at work', async () => {
    const minibatch = randomMinibatch(oddLayout('tanh'), 1, 12)
    const clipped = await sumsOf(make, minibatch)
    const free = await sumsOf(make, { ...minibatch, valueClip: null })
    assert.ok(clipped.statistics[Statistic.clipped] > 0)
    assert.ok(clipped.statistics[Statistic.valueLoss] > free.statistics[Statistic.valueLoss])
    assert.notDeepEqual(clipped.gradient, free.gradient)
  })

  test('a long shard is the sum of its rows', async () => {
    const minibatch = randomMinibatch(oddLayout('elu'), 1, 67)
    const whole = await sumsOf(make, minibatch, 2 ** -48)
    const rows = await sumsOf(make, { ...minibatch, numShards: 67, rowsPerShard: 1 }, 2 ** -48)
    allNear(whole.gradient, rows.gradient, tolerances.tensor * largestOf(whole.gradient))
    assert.equal(rows.statistics.length, 67 * STATISTICS)
  })

  test('shards give the same bits on one engine as divided over two', async t => {
    if (!make(oddLayout('tanh')).exact) return t.skip('not an exact engine')
    const minibatch = randomMinibatch(oddLayout('tanh'), 8, 5)
    const magnitude = largestOf((await sumsOf(make, minibatch)).gradient)
    const whole = await sumsOf(make, minibatch, gridOf(magnitude))
    const low = await sumsOf(make, shardsOf(minibatch, 0, 4), gridOf(magnitude))
    const high = await sumsOf(make, shardsOf(minibatch, 4, 8), gridOf(magnitude))
    assert.deepEqual(
      low.gradient.map((x, i) => x + high.gradient[i]),
      whole.gradient,
    )
    assert.deepEqual([...low.statistics, ...high.statistics], [...whole.statistics])
    assert.deepEqual([...low.largest, ...high.largest], [...whole.largest])
  })

  test('sums are multiples of the grid; largest is what they were before', async () => {
    const layout = oddLayout('tanh')
    const minibatch = randomMinibatch(layout, 1, 6)
    const exact = await fineGradients(prepare(make), minibatch)
    const coarse = await sumsOf(make, minibatch, 0.25)
    for (const x of coarse.gradient) assert.equal(4 * x, Math.round(4 * x))
    const largest = layout.tensors.map(({ offset, size }) =>
      largestOf(exact.gradient.subarray(offset, offset + size)),
    )
    allNear(coarse.largest, largest, 1e-12)
  })

  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY])
    test(`${bad} in a parameter or an observation shows in largest`, async () => {
      const layout = oddLayout('relu')
      const minibatch = randomMinibatch(layout, 2, 4)
      const engine = make(layout)
      for (const { offset } of layout.tensors) {
        const parameters = randomParameters(layout, 7)
        parameters[offset] = bad
        engine.setParameters(parameters)
        const { largest } = await engine.gradients(minibatch, uniformGrid(layout, 2 ** -40))
        assert.ok(!largest.every(Number.isFinite))
      }
      engine.setParameters(randomParameters(layout, 7))
      minibatch.observations[minibatch.indices[0] * layout.network.observationSize] = bad
      const { largest } = await engine.gradients(minibatch, uniformGrid(layout, 2 ** -40))
      const [first, second] = [largest.slice(0, largest.length / 2), largest.slice(largest.length / 2)]
      assert.ok(!first.every(Number.isFinite))
      assert.ok(second.every(Number.isFinite), 'the other shard is none the worse')
    })
}

function prepare(make: MakeEngine): Engine {
  const layout = oddLayout('tanh')
  const engine = make(layout)
  engine.setParameters(randomParameters(layout, 7))
  return engine
}

/** Of a fresh engine, so that nothing returned is overwritten. */
async function sumsOf(make: MakeEngine, minibatch: Minibatch, grid: number = 2 ** -40): Promise<ShardSums> {
  return prepare(make).gradients(minibatch, uniformGrid(oddLayout('tanh'), grid))
}

function shardsOf(minibatch: Minibatch, from: number, to: number): Minibatch {
  const { rowsPerShard, indices } = minibatch
  return {
    ...minibatch,
    numShards: to - from,
    indices: indices.slice(from * rowsPerShard, to * rowsPerShard),
  }
}

/** Central differences of the loss along each parameter, [P]. */
async function measureSlopes(
  engine: Engine,
  parameters: Float32Array,
  minibatch: Minibatch,
  step: number,
): Promise<Float64Array> {
  const slopes = new Float64Array(parameters.length)
  for (let i = 0; i < parameters.length; i++) {
    const above = await lossAt(engine, parameters.with(i, parameters[i] + step), minibatch)
    const below = await lossAt(engine, parameters.with(i, parameters[i] - step), minibatch)
    slopes[i] = (above - below) / (2 * step)
  }
  return slopes
}

async function lossAt(engine: Engine, parameters: Float32Array, minibatch: Minibatch): Promise<number> {
  engine.setParameters(parameters)
  const { statistics } = await engine.gradients(minibatch, uniformGrid(engine.layout, 2 ** -40))
  const value = minibatch.vfCoef * statistics[Statistic.valueLoss]
  return statistics[Statistic.policyLoss] + value - minibatch.entCoef * statistics[Statistic.entropy]
}
