import type { Optimizer } from '../engine/optimizer.ts'
import { allreduceBytes } from './allreduce.ts'
import { cutOf } from './cut.ts'
import type { Setting } from './way.ts'

/** Means over ranks that step by themselves. All take as many steps, so that the rows behind what they hold are as their shards. */
export class Averaging {
  /** Minibatches since all ranks held the same. */
  apart = 0
  bytes = 0
  /** By rank: its shards. */
  readonly weights: readonly number[]
  readonly #setting: Omit<Setting, 'score'>
  readonly #inner: Optimizer
  /** The parameters, and Adam's moments where these are averaged too. */
  readonly #message: Float64Array

  /** @param inner what moves this rank's parameters */
  constructor(setting: Omit<Setting, 'score'>, inner: Optimizer) {
    const { config, sizes, comm, engine } = setting
    this.weights = cutOf(sizes.numShards, comm.size)
    this.#setting = setting
    this.#inner = inner
    this.#message = comm.buffer((config.average === 'all' ? 3 : 1) * engine.layout.size, 'float64')
  }

  /** Everybody takes the mean of what all hold. */
  async take(parameters: Float32Array): Promise<void> {
    const message = this.#message
    const { firstMoment, secondMoment, ...powers } = this.#inner.state
    const withMoments = this.#setting.config.average === 'all'
    const arrays = withMoments ? [parameters, firstMoment, secondMoment] : [parameters]
    for (const [k, array] of arrays.entries()) message.set(array, k * array.length)
    await this.takeOf(message)
    for (const [k, array] of arrays.entries())
      array.set(message.subarray(k * array.length, (k + 1) * array.length))
    this.#inner.state = { firstMoment, secondMoment, ...powers }
    this.bytes += allreduceBytes(message, this.weights.length)
    this.apart = 0
  }

  /** The mean of all ranks' numbers, in place. */
  async takeOf(numbers: Float64Array): Promise<void> {
    const { comm, sizes } = this.#setting
    for (let i = 0; i < numbers.length; i++) numbers[i] *= this.weights[comm.rank]
    await comm.allreduce(numbers)
    for (let i = 0; i < numbers.length; i++) numbers[i] /= sizes.numShards
  }
}
