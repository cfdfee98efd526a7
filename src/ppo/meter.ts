import { momentsOf } from '../base/math/moments.ts'
import type { Metrics } from '../log/logger.ts'
import type { TrainConfig } from './config.ts'
import type { MinibatchStats } from './exactsum.ts'
import type { Shared } from './share.ts'
import { type Coefficients, mean, type TrainState } from './state.ts'
import type { Strategy } from './strategy.ts'

type Part = 'sample' | 'learn'

/** Gathers what an update did and how long its parts took, and turns it into metrics. */
export class Meter {
  readonly #strategy: Strategy
  readonly #config: TrainConfig
  readonly #begin: number = performance.now()
  readonly #milliseconds: Record<Part, number> = { sample: 0, learn: 0 }
  #part: Part | null = null
  #partBegin = 0
  #waitedBefore = 0
  #firstUpdate: number | null = null
  #stats: MinibatchStats[] = []
  /** Of the pass that runs, in #stats. */
  #passBegin = 0

  constructor(strategy: Strategy, config: TrainConfig) {
    this.#strategy = strategy
    this.#config = config
  }

  /** A part of the update begins; the one before it ends. */
  start(part: Part): void {
    const now = performance.now()
    if (this.#part) this.#milliseconds[this.#part] += now - this.#partBegin
    if (part === 'sample') this.#waitedBefore = this.#strategy.waited
    this.#part = part
    this.#partBegin = now
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
    const now = performance.now()
    this.#milliseconds.learn += now - this.#partBegin
    this.#firstUpdate ??= update - 1
    const { sample, learn } = this.#milliseconds
    const rows = this.#config.numEnvs * this.#config.numSteps
    const seconds = (now - this.#begin) / 1000
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
      'time/sample': sample / 1000,
      'time/learn': learn / 1000,
      'time/allreduce': (this.#strategy.waited - this.#waitedBefore) / 1000,
    }
    this.#milliseconds.sample = 0
    this.#milliseconds.learn = 0
    this.#part = null
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
