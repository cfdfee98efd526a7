/**
 * Conformance of the policies: test/data/torch/distributions.json through an engine whose actor is the identity, so
 * that what it is shown is what the distribution is made of, and the gradient of its bias is that of the outputs.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Statistic } from '../../src/base/statistics.ts'
import type { Engine } from '../../src/engine/engine.ts'
import { type Layout, layoutOf } from '../../src/engine/layout.ts'
import type { MakeEngine, Tolerances } from './conformance.ts'
import { allNear, near } from './near.ts'
import { cartPole, fineGradients, type Sums } from './random.ts'
import { describe, flatten, type Recorded, recordedDistributions } from './recorded.ts'

export function distributionConformance(make: MakeEngine, tolerances: Tolerances): void {
  for (const { name, params, old_params, actions, float64 } of recordedDistributions())
    test(`distribution ${name}: log-probability, entropy, KL, and their gradients`, async () => {
      const extreme = /extreme|narrow-wide/.test(name)
      const within = (actual: number, expected: number, size = expected) =>
        near(actual, expected, (extreme ? 1e-4 : tolerances.scalars) * Math.max(1, Math.abs(size)))
      const layout = identityLayout(params)
      const engine = make(layout)
      engine.setParameters(identityParameters(layout, params))
      const n = layout.network.numActions
      const rows = float64.log_prob.length
      const logProbs = Float32Array.from(float64.log_prob)
      const zeros = new Float32Array(rows)
      engine.setRows({
        observations: Float32Array.from(outputsOf(params).flat()),
        actions: 'logits' in params ? Int32Array.from(flatten(actions)) : Float32Array.from(flatten(actions)),
        ...{ logProbs, values: zeros, advantages: zeros.map(() => 1), returns: zeros },
        distributions: describe(old_params),
      })
      // What a row's loss is made of: its advantage, and the weights of entropy and KL.
      const terms = [
        [{ advantage: 1, entCoef: 0, klCoef: 0 }, float64.grad_log_prob],
        [{ advantage: 0, entCoef: 1, klCoef: 0 }, float64.grad_entropy],
        [{ advantage: 0, entCoef: 0, klCoef: 1 }, float64.grad_kl_old_new],
      ] as const
      for (const [term, expected] of terms) {
        const logStd = new Float64Array(n)
        for (let row = 0; row < rows; row++) {
          const { gradient, statistics } = await gradientOf(engine, row, term)
          const ratio = Math.exp(float64.log_prob[row] - logProbs[row]) // not 1: the old one is a float32
          within(statistics[Statistic.policyLoss], -term.advantage * ratio, float64.log_prob[row])
          within(statistics[Statistic.entropy], float64.entropy[row])
          within(statistics[Statistic.kl], float64.kl_old_new[row])
          // d (-ratio) is -ratio d log p.
          const by = term.klCoef ? 1 : term.advantage ? statistics[Statistic.policyLoss] : -1
          const own = gradient.map(x => x / by)
          const slopes = outputsOf(expected)[row]
          const scale = Math.max(1, ...outputsOf(expected).flat().map(Math.abs))
          allNear(own.subarray(n * n, n * n + n), slopes, (extreme ? 1e-4 : tolerances.tensor) * scale)
          if ('log_std' in params)
            own.subarray(-n).forEach((x, j) => {
              logStd[j] += x
            })
        }
        if (!('log_std' in expected)) continue
        const scale = Math.max(1, ...expected.log_std.map(Math.abs))
        allNear(logStd, expected.log_std, (extreme ? 1e-4 : tolerances.tensor) * scale)
      }
    })

  test('the recorded distributions are all there', () => {
    assert.equal(recordedDistributions().length, 6)
  })
}

function outputsOf(params: Recorded): number[][] {
  return 'logits' in params ? params.logits : params.mean
}

function identityLayout(params: Recorded): Layout {
  const n = outputsOf(params)[0].length
  const distribution = 'logits' in params ? 'categorical' : 'gaussian'
  return layoutOf({ ...cartPole, hidden: [], observationSize: n, numActions: n, distribution })
}

function identityParameters(layout: Layout, params: Recorded): Float32Array {
  const n = layout.network.numActions
  const parameters = new Float32Array(layout.size)
  for (let i = 0; i < n; i++) parameters[i * n + i] = 1
  if ('log_std' in params) parameters.set(params.log_std, layout.size - n)
  return parameters
}

async function gradientOf(
  engine: Engine,
  row: number,
  { advantage, entCoef, klCoef }: { advantage: number; entCoef: number; klCoef: number },
): Promise<Sums> {
  return fineGradients(engine, {
    indices: Int32Array.of(row),
    ...{ numShards: 1, rowsPerShard: 1, advantageMean: 1 - advantage, advantageDivisor: 1 },
    ...{ clipCoef: Number.POSITIVE_INFINITY, valueClip: Number.POSITIVE_INFINITY, valueClipMode: 'max' },
    ...{ huberDelta: Number.POSITIVE_INFINITY, vfCoef: 0, entCoef, klCoef },
  })
}
