/** Conformance of gradients(): the derivative of the loss, by finite differences. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Statistic } from '../../src/base/statistics.ts'
import type { Engine, Loss, Minibatch } from '../../src/engine/engine.ts'
import type { Network } from '../../src/engine/layout.ts'
import type { MakeEngine, Tolerances } from './conformance.ts'
import { allNear, largestOf } from './near.ts'
import { fineGradients, oddLayout, randomBatch, randomParameters, sumsOf, uniformGrid } from './random.ts'

/** Between them every kind of network and every term of the loss. */
export const cases: [string, Partial<Network>, Partial<Loss>][] = [
  ['tanh', {}, {}],
  ['relu', { activation: 'relu' }, {}],
  ['elu', { activation: 'elu' }, {}],
  ['a shared trunk', { sharedTrunk: true }, {}],
  ['a shared trunk without layers', { sharedTrunk: true, hidden: [] }, {}],
  ['Gaussian', { distribution: 'gaussian' }, {}],
  ['Gaussian, shared trunk, all terms', { distribution: 'gaussian', sharedTrunk: true }, { klCoef: 0.7 }],
  ['KL penalty without clip', {}, { klCoef: 0.7, clipCoef: Infinity }],
  ['Huber', {}, { huberDelta: 0.3, valueClip: Infinity }],
  ['Huber, clipped value alone', {}, { huberDelta: 0.3, valueClipMode: 'replace' }],
]

export function slopesConformance(make: MakeEngine, tolerances: Tolerances): void {
  for (const [name, network, loss] of cases)
    test(`${name}: gradients are the slopes of the loss`, async () => {
      const layout = oddLayout(network)
      const engine = make(layout)
      const parameters = randomParameters(layout, 7)
      const { rows, minibatch } = randomBatch(layout, 1, 12)
      const whole = { ...minibatch, ...loss }
      engine.setParameters(parameters)
      engine.setRows(rows)
      const gradient = (await fineGradients(engine, whole)).gradient.slice()
      const slopes = await measureSlopes(engine, parameters, whole, tolerances.step)
      allNear(slopes, gradient, tolerances.slope * largestOf(gradient))
    })

  test('the slopes tests see each term at work', async () => {
    const layout = oddLayout()
    const engine = make(layout)
    const { rows, minibatch } = randomBatch(layout, 1, 12)
    engine.setParameters(randomParameters(layout, 7))
    engine.setRows(rows)
    const sumsWith = async (loss: Partial<Loss>) => {
      const { statistics, gradient } = await sumsOf(
        engine,
        { ...minibatch, ...loss },
        uniformGrid(layout, 2 ** -40),
      )
      return { statistics, gradient: [...gradient].join() }
    }
    const { statistics, gradient } = await sumsWith({})
    assert.ok(statistics[Statistic.clipped] > 0)
    assert.ok(statistics[Statistic.kl] > 0)
    const others: Partial<Loss>[] = [
      { clipCoef: Infinity },
      { valueClip: Infinity },
      { valueClipMode: 'replace' },
      { huberDelta: 0.3 },
      { klCoef: 0.7 },
      { entCoef: 0 },
    ]
    for (const loss of others)
      assert.notEqual((await sumsWith(loss)).gradient, gradient, JSON.stringify(loss))
  })
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
  const { statistics } = await sumsOf(engine, minibatch, uniformGrid(engine.layout, 2 ** -40))
  const { vfCoef, entCoef, klCoef } = minibatch
  const [value, entropy, kl] = [Statistic.valueLoss, Statistic.entropy, Statistic.kl].map(k => statistics[k])
  return statistics[Statistic.policyLoss] + vfCoef * value - entCoef * entropy + klCoef * kl
}
