import { Statistic } from '../../base/statistics.ts'
import type { Acted, ActionStreams, Minibatch, Rows } from '../engine.ts'
import type { Network } from '../layout.ts'
import { Categorical } from './categorical.ts'
import type { Distribution } from './distribution.ts'
import { Gaussian } from './gaussian.ts'
import { policyTerm, valueTerm } from './loss.ts'

/**
 * What the networks say of a block of rows, on the host in float64: where decisions are drawn and losses taken. `r`
 * counts rows of the block, `row` those of the arrays beside it.
 */
export interface Heads {
  readonly policy: Distribution
  readonly values: Float64Array // [BLOCK_ROWS]
  /** d loss / d V, as `policy` has its own, [BLOCK_ROWS]. */
  readonly valueGradient: Float64Array
}

/** What a distribution reads, and where its gradients go. */
interface Outputs {
  output: Float64Array // [BLOCK_ROWS, numActions]
  outputGradient: Float64Array // [BLOCK_ROWS, numActions]
  /** Of a Gaussian, [numActions]. */
  logStd: Float64Array
  logStdGradient: Float64Array
}

export function distributionOf(
  { distribution, numActions }: Network,
  { output, outputGradient, logStd, logStdGradient }: Outputs,
): Distribution {
  return distribution === 'categorical'
    ? new Categorical(numActions, output, outputGradient)
    : new Gaussian(numActions, output, outputGradient, logStd, logStdGradient)
}

/** Acts: drawn from the streams, or the mode where they are null. */
export function decide(
  heads: Heads,
  r: number,
  acted: Acted,
  row: number,
  streams: ActionStreams | null,
): void {
  if (streams) heads.policy.sample(r, acted.actions, row, streams)
  else heads.policy.mode(r, acted.actions, row)
  score(heads, r, acted, row)
}

/** Completes a row whose action is there. */
export function score({ policy, values }: Heads, r: number, acted: Acted, row: number): void {
  acted.logProbs[row] = policy.logProb(r, acted.actions, row)
  policy.describe(r, acted.distributions, row)
  acted.values[row] = values[r]
}

/** Adds the row's statistics and writes the derivatives of its loss at the heads. */
export function differentiate(
  { policy, values, valueGradient }: Heads,
  r: number,
  minibatch: Minibatch,
  rows: Rows,
  row: number,
  statistics: Float64Array,
): void {
  const { actions, distributions } = rows
  const advantage = (rows.advantages[row] - minibatch.advantageMean) / minibatch.advantageDivisor
  const logProb = policy.logProb(r, actions, row)
  const byLogProb = policyTerm(logProb, rows.logProbs[row], advantage, minibatch, statistics)
  const byValue = valueTerm(values[r], rows.values[row], rows.returns[row], minibatch, statistics)
  const { vfCoef, entCoef, klCoef } = minibatch
  policy.backward(r, row, { actions, distributions, byLogProb, byEntropy: -entCoef, byKl: klCoef })
  valueGradient[r] = vfCoef * byValue
  statistics[Statistic.rows]++
  statistics[Statistic.entropy] += policy.entropy(r)
  if (distributions) statistics[Statistic.kl] += policy.klFrom(r, distributions, row)
}
