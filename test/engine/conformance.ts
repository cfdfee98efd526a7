/** What every engine must do, whatever it computes with: called once per engine with what its arithmetic can reach. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { STATISTICS, Statistic } from '../../src/base/statistics.ts'
import { Adam } from '../../src/engine/adam.ts'
import type { Engine } from '../../src/engine/engine.ts'
import { distributionSize, type Layout } from '../../src/engine/layout.ts'
import { actingConformance } from './acting.ts'
import { agreementConformance } from './agreeing.ts'
import { distributionConformance } from './distributing.ts'
import { allNear, largestOf, near } from './near.ts'
import { fineGradients, oddLayout } from './random.ts'
import {
  flattenTensors,
  layoutOfCase,
  minibatchOfCase,
  parametersOfCase,
  type RecordedCase,
  recordedCases,
  rowsOfCase,
  valueLossScale,
} from './recorded.ts'
import { slopesConformance } from './slopes.ts'
import { summingConformance } from './summing.ts'

/** Largest errors allowed; shared/reference/numerics.md section 2 names the ones to ask for. */
export interface Tolerances {
  /** Mean losses, entropy, KL, values: absolute. */
  scalars: number
  /** Gradient over all tensors: relative, L2. */
  gradient: number
  /** Each tensor's gradient: relative to its largest entry. */
  tensor: number
  /** Parameters after 1 and 10 steps: absolute. Stored as float32 by every engine. */
  afterOne: number
  afterTen: number
  /** Finite differences: the step (a power of two) and the error relative to the largest slope. */
  step: number
  slope: number
}

/** float32 arithmetic, in any order: what numerics.md asks of float32 code. */
export const float32: Tolerances = {
  scalars: 5e-6,
  gradient: 3e-6,
  tensor: 1e-5,
  afterOne: 5e-7,
  afterTen: 3e-6,
  step: 2 ** -9,
  slope: 2e-3,
}

export type MakeEngine = (layout: Layout) => Engine

export function engineConformance(name: string, make: MakeEngine, tolerances: Tolerances): void {
  describe(`engine ${name}`, () => {
    for (const recorded of recordedCases()) recordedConformance(recorded, make, tolerances)
    distributionConformance(make, tolerances)
    if (make(oddLayout()).exact) slopesConformance(make, tolerances)
    else agreementConformance(make)
    summingConformance(make, tolerances)
    actingConformance(make)
  })
}

function recordedConformance(recorded: RecordedCase, make: MakeEngine, tolerances: Tolerances): void {
  const layout = layoutOfCase(recorded)
  const prepare = (): Engine => {
    const engine = make(layout)
    engine.setParameters(parametersOfCase(recorded))
    engine.setRows(rowsOfCase(recorded))
    return engine
  }

  test(`${recorded.name}: acting on the recorded rows`, async () => {
    const { values, network_output } = recorded.rows_float64
    const observations = Float32Array.from(recorded.observations.flat())
    const tolerance = Math.max(tolerances.scalars, 5e-7) // of numbers that are stored as float32
    const acted = await prepare().act(observations, recorded.rows, null)
    allNear(acted.values, values, tolerance)
    assert.equal(acted.nonFiniteRow, -1)
    const { distribution, numActions } = layout.network
    const size = distributionSize(layout.network)
    network_output.forEach((outputs, row) => {
      allNear(acted.distributions.subarray(row * size, row * size + numActions), outputs, tolerance)
      if (distribution === 'gaussian') {
        allNear(acted.actions.subarray(row * numActions, (row + 1) * numActions), outputs, tolerance)
        return
      }
      const mode = outputs.indexOf(Math.max(...outputs))
      assert.equal(acted.actions[row], mode)
      const sum = outputs.reduce((total, logit) => total + Math.exp(logit - outputs[mode]), 0)
      near(acted.logProbs[row], -Math.log(sum), tolerance)
    })
    allNear(await prepare().values(observations, recorded.rows), values, tolerance)
  })

  test(`${recorded.name}: losses and gradient`, async () => {
    const { statistics, gradient } = await fineGradients(prepare(), minibatchOfCase(recorded))
    const { float64, rows } = recorded
    assert.equal(statistics[Statistic.rows], rows)
    assert.equal(statistics[Statistic.clipped], Math.round(float64.clipfrac * rows))
    const mean = (index: number): number => statistics[index] / rows
    near(mean(Statistic.policyLoss), float64.policy_loss, tolerances.scalars)
    near(mean(Statistic.valueLoss) * valueLossScale(recorded), float64.value_loss, tolerances.scalars)
    near(mean(Statistic.entropy), float64.entropy, tolerances.scalars)
    near(mean(Statistic.approxKl), float64.approx_kl, tolerances.scalars)
    near(mean(Statistic.kl), float64.exact_kl, tolerances.scalars)
    const expected = flattenTensors(layout, recorded.gradient)
    sameGradient(
      layout,
      gradient.map(x => x / rows),
      expected,
      tolerances,
    )
  })

  test(`${recorded.name}: parameters after 1 and 10 steps`, async () => {
    const engine = prepare()
    const parameters = parametersOfCase(recorded)
    const optimizer = new Adam(layout)
    const largest = new Float64Array(layout.tensors.length)
    const { learning_rate, max_grad_norm } = recorded.config
    for (let step = 1; step <= 10; step++) {
      engine.setParameters(parameters)
      const { gradient } = await fineGradients(engine, minibatchOfCase(recorded))
      const norm = optimizer.average(gradient, recorded.rows, largest)
      if (step === 1) near(norm, recorded.grad_norm, 10 * tolerances.gradient * recorded.grad_norm)
      optimizer.step(parameters, gradient, norm, max_grad_norm, learning_rate)
      if (step === 1)
        allNear(parameters, flattenTensors(layout, recorded.parameters_after_1), tolerances.afterOne)
    }
    allNear(parameters, flattenTensors(layout, recorded.parameters_after_10), tolerances.afterTen)
  })

  const { shards } = recorded
  if (!shards) return
  test(`${recorded.name}: unequal shards`, async () => {
    const engine = prepare()
    let first = 0
    for (const [i, rows] of shards.sizes.entries()) {
      const { gradient_sum, sums } = shards.shards[i]
      const { statistics, gradient } = await fineGradients(engine, minibatchOfCase(recorded, first, rows))
      const expected = [rows, sums.policy_loss, sums.value_loss, sums.entropy, sums.approx_kl, sums.clipped]
      assert.equal(statistics.length, STATISTICS)
      allNear(statistics.subarray(0, expected.length), expected, rows * tolerances.scalars)
      sameGradient(layout, gradient, Float64Array.from(gradient_sum), tolerances)
      first += rows
    }
  })
}

function sameGradient(
  layout: Layout,
  actual: Float64Array,
  expected: Float64Array,
  tolerances: Tolerances,
): void {
  const difference = actual.map((x, i) => x - expected[i])
  const relative = Math.sqrt(squares(difference) / squares(expected))
  assert.ok(relative <= tolerances.gradient, `gradient differs by ${relative} (relative L2)`)
  for (const { name, offset, size } of layout.tensors) {
    const error = largestOf(difference.subarray(offset, offset + size))
    const scale = largestOf(expected.subarray(offset, offset + size))
    assert.ok(error <= tolerances.tensor * scale, `${name}: ${error} off, the largest is ${scale}`)
  }
}

function squares(x: Float64Array): number {
  return x.reduce((sum, element) => sum + element * element, 0)
}
