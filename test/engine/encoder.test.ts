/** The oracle's convolutions: finite differences, numbers of PyTorch's, and what is refused. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Statistic } from '../../src/base/statistics.ts'
import { encoderFor, featuresOf, stagesOf } from '../../src/engine/encoder.ts'
import { layoutOf } from '../../src/engine/layout.ts'
import { ReferenceEngine } from '../../src/engine/reference/reference.ts'
import { near } from './near.ts'
import { dicts, pictures, tameParameters } from './pictures.ts'
import { cartPole, fineGradients, oddLayout, randomBatch, sumsOf, uniformGrid } from './random.ts'

const STEP = 2 ** -12

for (const [name, network] of [...pictures, ...dicts].filter(([name]) => name !== 'nature'))
  test(`${name}: gradients are the slopes of the loss`, async () => {
    const layout = oddLayout(network)
    const engine = new ReferenceEngine(layout)
    const { rows, minibatch } = randomBatch(layout, 1, 2)
    engine.setRows(rows)
    const parameters = tameParameters(layout)
    engine.setParameters(parameters)
    const { gradient } = await fineGradients(engine, minibatch)
    const lossAt = async (i: number, step: number) => {
      engine.setParameters(parameters.with(i, parameters[i] + step))
      const { statistics } = await sumsOf(engine, minibatch, uniformGrid(layout, 2 ** -60))
      const { vfCoef, entCoef } = minibatch
      return (
        statistics[Statistic.policyLoss] +
        vfCoef * statistics[Statistic.valueLoss] -
        entCoef * statistics[Statistic.entropy]
      )
    }
    // Every few tensors: each slope is two passes over everything.
    const some = layout.tensors.filter((_, i) => layout.tensors.length < 12 || i % 5 === 0)
    for (const { offset, size } of some) {
      const part = gradient.subarray(offset, offset + size)
      const i = offset + part.reduce((best, x, at) => (Math.abs(x) > Math.abs(part[best]) ? at : best), 0)
      const slope = ((await lossAt(i, STEP)) - (await lossAt(i, -STEP))) / (2 * STEP)
      near(slope, gradient[i], 1e-3 * Math.abs(gradient[i]) + 1e-9)
    }
  })

test('sizes are those that the papers give', () => {
  const atari = encoderFor('nature', [4, 84, 84], 1 / 255)
  assert.equal(featuresOf(atari), 3136)
  const layout = layoutOf({
    ...{ ...cartPole, observationSize: 4 * 84 * 84, encoder: atari },
    ...{ hidden: [512], activation: 'relu', sharedTrunk: true, numActions: 6 },
  })
  assert.equal(layout.size, 1_687_719) // with 6 actions: Mnih et al. 2015, and a head for the value
  assert.deepEqual(layout.tensors[0], {
    ...{ name: 'encoder.0.weight', shape: [32, 4, 8, 8], offset: 0, size: 8192 },
  })
  assert.equal(featuresOf(encoderFor('impala', [84, 84, 4], 1)), 11 * 11 * 32)
})

test('what is no picture, or too small a one, is refused', () => {
  assert.throws(() => encoderFor('small', [4], 1), /shape \[4\] are no pictures; use --encoder none/)
  assert.throws(
    () => stagesOf(encoderFor('nature', [10, 10, 4], 1)),
    /10 x 10 is too small .* --encoder small/,
  )
  assert.throws(() => stagesOf(encoderFor('small', [4, 4], 1)), /use --encoder none/)
})
