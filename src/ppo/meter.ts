import { momentsOf } from '../base/math/moments.ts'
import type { Metrics } from '../log/logger.ts'
import type { TrainConfig } from './config.ts'
import type { MinibatchStats } from './exactsum.ts'
import type { Shared } from './share.ts'
import { type Coefficients, mean, type TrainState } from './state.ts'
import { allParts, type Part, parts, Stopwatch } from './stopwatch.ts'
import type { Strategy } from './strategy.ts'

/** Gathers what an update did and how long its parts took, and turns it into metrics. */
export class Meter {
  readonly #strategy: Strategy
  readonly #config: TrainConfig
  readonly #begin: number = performance.now()
  /** Of this update; between two, what is done belongs to neither sampling nor learning. */
  readonly watch: Stopwatch = new Stopwatch()
  #waitedBefore: number
  #firstUpdate: number | null = null
  #stats: MinibatchStats[] = []
  /** Of the pass that runs, in #stats. */
  #passBegin = 0

  constructor(strategy: Strategy, config: TrainConfig) {
    this.#strategy = strategy
    this.#config = config
    this.#waitedBefore = strategy.waited
  }

  startPass(): void {
    this.#passBegin = this.#stats.length
  }

  add(stats: MinibatchStats): void {
    this.#stats.push(stats)
  }

  /** Approximate KL between the policy that sampled and those that the last pass's minibatches began with, mean. */
  get klOfLastPass(): number {
    return mean(this.#stats.slice(this.#passBegin).map(({ approxKl }) => approxKl)) ?? 0
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
    const { waited } = this.#strategy
    const average = (name: keyof MinibatchStats) => mean(this.#stats.map(stats => stats[name]))
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
    }
    this.#waitedBefore = waited
    this.#stats = []
    this.#passBegin = 0
    return metrics
  }
}

/** 1 - var(returns - values) / var(returns); a return minus its value is the advantage. */
function explainedVariance(advantages: Float32Array, returnsM2: number): number | null {
  if (returnsM2 === 0) return null
  return 1 - momentsOf(advantages, null).m2 / returnsM2
}
