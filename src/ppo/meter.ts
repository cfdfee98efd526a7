import { momentsOf } from '../base/math/moments.ts'
import type { Metrics } from '../log/logger.ts'
import type { TrainConfig } from './config.ts'
import type { MinibatchStats } from './exactsum.ts'
import type { Shared } from './share.ts'
import { type Coefficients, mean, type TrainState } from './state.ts'
import { allParts, type Part, parts, Stopwatch } from './stopwatch.ts'
import type { Strategy, Traffic } from './strategy.ts'

const statistics = ['policyLoss', 'valueLoss', 'entropy', 'approxKl', 'clipFraction', 'kl'] as const
/** In Meter.totals, behind one sum per statistic. */
const MINIBATCHES = statistics.length
const OF_LAST_PASS = MINIBATCHES + 1
const KL_OF_LAST_PASS = OF_LAST_PASS + 1

/** Gathers what an update did and how long its parts took, and turns it into metrics. */
export class Meter {
  readonly #strategy: Strategy
  readonly #config: TrainConfig
  readonly #begin: number = performance.now()
  /** Of this update; between two, what is done belongs to neither sampling nor learning. */
  readonly watch: Stopwatch = new Stopwatch()
  #waitedBefore: number
  #firstUpdate: number | null = null
  #before: Traffic = {}
  /** Over the update's minibatches: sums of their statistics, their number; that of the last pass, its approximate KLs. */
  readonly totals: Float64Array = new Float64Array(KL_OF_LAST_PASS + 1)

  constructor(strategy: Strategy, config: TrainConfig) {
    this.#strategy = strategy
    this.#config = config
    this.#waitedBefore = strategy.waited()
  }

  startPass(): void {
    this.totals.fill(0, OF_LAST_PASS)
  }

  add(stats: MinibatchStats): void {
    const { totals } = this
    for (let i = 0; i < statistics.length; i++) totals[i] += stats[statistics[i]]
    totals[MINIBATCHES]++
    totals[OF_LAST_PASS]++
    totals[KL_OF_LAST_PASS] += stats.approxKl
  }

  /** Approximate KL between the policy that sampled and those that the last pass's minibatches began with, mean. */
  get klOfLastPass(): number {
    const { [OF_LAST_PASS]: minibatches, [KL_OF_LAST_PASS]: sum } = this.totals
    return minibatches === 0 ? 0 : sum / minibatches
  }

  /** The metrics of the update that has ended; losses are means over its minibatches. */
  report({ update, recentReturns }: TrainState, shared: Shared, rates: Coefficients): Metrics {
    const { advantages, returns, episodes } = shared
    this.watch.start('other')
    this.#firstUpdate ??= update - 1
    const split = this.watch.take()
    const secondsOf = (some: readonly Part[]) => some.reduce((total, part) => total + split[part], 0) / 1000
    const rows = this.#config.numEnvs * this.#config.numSteps
    const seconds = (performance.now() - this.#begin) / 1000
    const waited = this.#strategy.waited()
    const { totals } = this
    const average = (name: keyof MinibatchStats) =>
      totals[MINIBATCHES] === 0 ? null : totals[statistics.indexOf(name)] / totals[MINIBATCHES]
    const metrics: Metrics = {
      update,
      steps: update * rows,
      seconds,
      'charts/SPS': ((update - this.#firstUpdate) * rows) / seconds,
      'charts/episodic_return': mean(recentReturns),
      'charts/episodic_length': mean(episodes.map(({ length }) => length)),
      'charts/learning_rate': rates.learningRate,
      'charts/kl_coef': rates.klCoef,
      'losses/policy_loss': average('policyLoss'),
      'losses/value_loss': average('valueLoss'),
      'losses/entropy': average('entropy'),
      'losses/approx_kl': average('approxKl'),
      'losses/clipfrac': average('clipFraction'),
      'losses/explained_variance': explainedVariance(advantages, returns.m2),
      'time/sample': secondsOf(parts.sample),
      'time/learn': secondsOf(parts.learn),
      'time/allreduce': (waited - this.#waitedBefore) / 1000,
      ...Object.fromEntries(allParts.map(part => [`time/${part}`, split[part] / 1000])),
      ...this.#traffic(),
      ...this.#strategy.figures?.(),
    }
    this.#waitedBefore = waited
    totals.fill(0)
    return metrics
  }

  /** What has passed through this rank since the last report. */
  #traffic(): Metrics {
    const before = this.#before
    this.#before = this.#strategy.traffic()
    const metrics: Metrics = {}
    for (const [name, { bytes, milliseconds }] of Object.entries(this.#before)) {
      metrics[`bytes/${name}`] = bytes - (before[name]?.bytes ?? 0)
      if (milliseconds !== undefined)
        metrics[`time/${name}`] = (milliseconds - (before[name]?.milliseconds ?? 0)) / 1000
    }
    return metrics
  }
}

/** 1 - var(returns - values) / var(returns); a return minus its value is the advantage. */
function explainedVariance(advantages: Float32Array, returnsM2: number): number | null {
  if (returnsM2 === 0) return null
  return 1 - momentsOf(advantages, null).m2 / returnsM2
}
