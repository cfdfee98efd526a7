import { exp } from '../../base/math/elementary.ts'
import { normal, Purpose } from '../../base/math/streams.ts'
import type { ActionStreams, Actions } from '../engine.ts'
import type { Distribution, Slopes } from './distribution.ts'

/** 1/2 log(2 pi). */
const HALF_LOG_2PI = 0.9189385332046728

/**
 * Vectors of real numbers: independent normals whose means m are the actor's outputs, and whose log standard
 * deviations s = log sigma are parameters of their own, the same in every row. Per component, summed over them:
 *
 *   log p(a) = -(a - m)^2 / (2 sigma^2) - s - 1/2 log 2 pi
 *   d log p / d m = (a - m) / sigma^2            d log p / d s = (a - m)^2 / sigma^2 - 1
 *   H = s + 1/2 + 1/2 log 2 pi                   d H / d s = 1
 *   KL(old || new) = s - s' + v / 2 - 1/2,       v = (sigma'^2 + (m' - m)^2) / sigma^2, primes the old one's
 *   d KL / d m = (m - m') / sigma^2              d KL / d s = 1 - v
 */
export class Gaussian implements Distribution {
  readonly #n: number
  readonly #means: Float64Array // [BLOCK_ROWS, n]
  readonly #meanGradient: Float64Array // [BLOCK_ROWS, n]
  readonly #logStd: Float64Array // [n]
  readonly #logStdGradient: Float64Array // [n]
  readonly #std: Float64Array // [n]

  constructor(
    numActions: number,
    means: Float64Array,
    meanGradient: Float64Array,
    logStd: Float64Array,
    logStdGradient: Float64Array,
  ) {
    this.#n = numActions
    this.#means = means
    this.#meanGradient = meanGradient
    this.#logStd = logStd
    this.#logStdGradient = logStdGradient
    this.#std = new Float64Array(numActions)
  }

  prepare(): void {
    for (let j = 0; j < this.#n; j++) this.#std[j] = exp(this.#logStd[j])
  }

  describe(r: number, distributions: Float32Array, row: number): void {
    const n = this.#n
    for (let j = 0; j < n; j++) {
      distributions[2 * row * n + j] = this.#means[r * n + j]
      distributions[2 * row * n + n + j] = this.#logStd[j]
    }
  }

  mode(r: number, actions: Actions, row: number): void {
    for (let j = 0; j < this.#n; j++) actions[row * this.#n + j] = this.#means[r * this.#n + j]
  }

  sample(r: number, actions: Actions, row: number, { seed, firstEnv, step }: ActionStreams): void {
    for (let j = 0; j < this.#n; j++) {
      const noise = normal(seed, Purpose.action, firstEnv + row, step, j)
      actions[row * this.#n + j] = this.#means[r * this.#n + j] + this.#std[j] * noise
    }
  }

  logProb(r: number, actions: Actions, row: number): number {
    let logProb = 0
    for (let j = 0; j < this.#n; j++) {
      const z = this.#distance(r, actions, row, j)
      logProb -= 0.5 * z * z + this.#logStd[j] + HALF_LOG_2PI
    }
    return logProb
  }

  entropy(): number {
    let entropy = 0
    for (let j = 0; j < this.#n; j++) entropy += this.#logStd[j] + 0.5 + HALF_LOG_2PI
    return entropy
  }

  klFrom(r: number, distributions: Float32Array, row: number): number {
    let kl = 0
    for (let j = 0; j < this.#n; j++) {
      const oldLogStd = distributions[2 * row * this.#n + this.#n + j]
      kl += this.#logStd[j] - oldLogStd + 0.5 * this.#spread(r, distributions, row, j) - 0.5
    }
    return kl
  }

  backward(r: number, row: number, { actions, distributions, byLogProb, byEntropy, byKl }: Slopes): void {
    for (let j = 0; j < this.#n; j++) {
      const z = this.#distance(r, actions, row, j)
      const std = this.#std[j]
      let byMean = byLogProb * (z / std)
      let byLogStd = byLogProb * (z * z - 1) + byEntropy
      if (distributions) {
        const oldMean = distributions[2 * row * this.#n + j]
        byMean += byKl * ((this.#means[r * this.#n + j] - oldMean) / (std * std))
        byLogStd += byKl * (1 - this.#spread(r, distributions, row, j))
      }
      this.#meanGradient[r * this.#n + j] = byMean
      this.#logStdGradient[j] += byLogStd
    }
  }

  /** Of the row's action from the mean, in standard deviations. */
  #distance(r: number, actions: Actions, row: number, j: number): number {
    return (actions[row * this.#n + j] - this.#means[r * this.#n + j]) / this.#std[j]
  }

  /** v above. */
  #spread(r: number, distributions: Float32Array, row: number, j: number): number {
    const oldStd = exp(distributions[2 * row * this.#n + this.#n + j])
    const move = distributions[2 * row * this.#n + j] - this.#means[r * this.#n + j]
    return (oldStd * oldStd + move * move) / (this.#std[j] * this.#std[j])
  }
}
