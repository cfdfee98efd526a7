import type { Reduction } from '../base/contract.ts'
import { NonFiniteError } from '../base/errors.ts'
import { fitsGrid, gridOf } from '../base/math/exact.ts'
import { STATISTICS, Statistic } from '../base/statistics.ts'
import type { Engine, Minibatch, ShardSums } from '../engine/engine.ts'
import type { Layout } from '../engine/layout.ts'
import type { Optimizer } from '../engine/optimizer.ts'
import type { Stopwatch } from './stopwatch.ts'
import type { Strategy } from './strategy.ts'

/** The reduced gradient of a minibatch and its statistics: means over its global rows, the same on all ranks. */
export interface Reduced {
  /** [P], valid until the next minibatch. */
  gradient: Float64Array
  /** Of the gradient, before it is clipped. */
  norm: number
  stats: MinibatchStats
}

export interface MinibatchStats {
  policyLoss: number
  valueLoss: number
  entropy: number
  approxKl: number
  clipFraction: number
  /** KL(old || new), exact; 0 without a penalty on it. */
  kl: number
}

/**
 * Adds up gradients so that neither the order nor the number of ranks shows (ARCHITECTURE decision 5): each
 * shard's sum is rounded to a grid shared by all ranks, and sums of multiples of a grid are exact in float64.
 *
 *   message = [ gradient, P | shard 0: statistics, largest per tensor | shard 1: ... ]
 *
 * A rank fills the slots of its own shards and leaves zeros in the others'. Everybody then knows each shard's
 * largest magnitudes: if they do not fit the grid, all ranks compute the minibatch again on a coarser one.
 *
 * With the reduction `float32` the wire carries the message rounded to that, for engines that are not exact and for
 * large networks: half the bytes, and equal bits on all ranks of a job still, but other ones at another np.
 */
export class ExactSum {
  readonly #strategy: Strategy
  readonly #engine: Engine
  readonly #optimizer: Optimizer
  readonly #layout: Layout
  readonly #layoutHash: number
  readonly #message: Float64Array
  /** What the ranks add up: the message itself, or its copy in float32. */
  readonly #wire: Float64Array | Float32Array
  readonly #slots: Float64Array // [numShards, STATISTICS + tensors]
  /** The parts of the message that this rank's engine writes. */
  readonly #own: ShardSums
  readonly #slot: number
  /** First of the shards that this rank learns from. */
  readonly #firstShard: number
  readonly #largest: Float64Array // [tensors]
  readonly #grid: Float64Array
  readonly #watch: Stopwatch
  readonly #whereabouts: Whereabouts
  /** Minibatches that were computed twice. */
  retries = 0

  /**
   * @param grid one power of two per tensor: training state, moved on in place
   * @param whereabouts in words, for errors
   */
  constructor(
    strategy: Strategy,
    engine: Engine,
    optimizer: Optimizer,
    layoutHash: number,
    reduction: Reduction,
    grid: Float64Array,
    watch: Stopwatch,
    whereabouts: Whereabouts,
  ) {
    const { layout } = engine
    const learns = strategy.learns ?? { first: 0, last: 0 }
    this.#strategy = strategy
    this.#engine = engine
    this.#optimizer = optimizer
    this.#layout = layout
    this.#layoutHash = layoutHash
    this.#slot = slotLength(layout)
    this.#firstShard = learns.first
    const length = messageLength(layout, strategy.numShards)
    this.#wire = strategy.buffer(length, reduction)
    this.#message = this.#wire instanceof Float64Array ? this.#wire : new Float64Array(length)
    this.#slots = this.#message.subarray(layout.size)
    this.#own = {
      gradient: this.#message.subarray(0, layout.size),
      slots: this.#slots.subarray(learns.first * this.#slot, learns.last * this.#slot),
    }
    this.#largest = new Float64Array(layout.tensors.length)
    this.#grid = grid
    this.#watch = watch
    this.#whereabouts = whereabouts
  }

  /** Throws NonFiniteError on all ranks if a shard's sums are not finite. */
  async reduce(minibatch: Minibatch): Promise<Reduced> {
    await this.#sum(minibatch)
    if (!this.#fits()) {
      this.retries++
      this.#setGrid()
      await this.#sum(minibatch)
    }
    this.#watch.start('optimizer')
    const { gradient } = this.#own
    const rows = this.#fold(Statistic.rows)
    const norm = await this.#optimizer.average(gradient, rows, this.#largest)
    this.#setGrid() // the next grid follows this sum
    const stats = {
      policyLoss: this.#fold(Statistic.policyLoss) / rows,
      valueLoss: this.#fold(Statistic.valueLoss) / rows,
      entropy: this.#fold(Statistic.entropy) / rows,
      approxKl: this.#fold(Statistic.approxKl) / rows,
      clipFraction: this.#fold(Statistic.clipped) / rows,
      kl: this.#fold(Statistic.kl) / rows,
    }
    return { gradient, norm, stats }
  }

  async #sum(minibatch: Minibatch): Promise<void> {
    this.#watch.start('gradients')
    this.#slots.fill(0)
    await this.#engine.gradients(minibatch, this.#grid, this.#own)
    this.#watch.start('reduce')
    await this.#exchange()
    this.#largest.fill(0)
    for (let shard = 0; shard < this.#strategy.numShards; shard++)
      for (let t = 0; t < this.#largest.length; t++) {
        const largest = this.#slots[shard * this.#slot + STATISTICS + t]
        if (!Number.isFinite(largest)) throw await this.#flaw(minibatch, shard, t, largest)
        if (largest > this.#largest[t]) this.#largest[t] = largest
      }
  }

  /** The message, added up over all ranks. */
  async #exchange(): Promise<void> {
    if (this.#wire !== this.#message) this.#wire.set(this.#message)
    await this.#strategy.sum(this.#wire, this.#layoutHash)
    if (this.#wire !== this.#message) this.#message.set(this.#wire)
  }

  /** What all ranks throw: who learns from the shard computes its rows one by one, and tells the others which it is. */
  async #flaw(minibatch: Minibatch, shard: number, tensor: number, value: number): Promise<NonFiniteError> {
    const { rowsPerShard, numShards, indices } = minibatch
    const slot = this.#own.slots.subarray(0, this.#slot)
    const local = shard - this.#firstShard
    const rows = local >= 0 && local < numShards ? rowsPerShard : 0
    let first = -1 // none: each is finite, their sum is not
    for (let i = rows - 1; i >= 0; i--) {
      const index = indices.subarray(local * rowsPerShard + i, local * rowsPerShard + i + 1)
      const row = { ...minibatch, indices: index, numShards: 1, rowsPerShard: 1 }
      await this.#engine.gradients(row, this.#grid, { gradient: this.#own.gradient, slots: slot })
      if (!slot.subarray(STATISTICS).every(Number.isFinite)) first = i
    }
    this.#message.fill(0)
    if (rows > 0) this.#slots[shard * this.#slot] = first + 1
    await this.#exchange()
    const where = this.#whereabouts(shard, this.#slots[shard * this.#slot] - 1)
    return new NonFiniteError(`the gradient of ${this.#layout.tensors[tensor].name} is ${value} in ${where}`)
  }

  #fits(): boolean {
    const { numShards } = this.#strategy
    return this.#largest.every((largest, t) => fitsGrid(largest, numShards, this.#grid[t]))
  }

  #setGrid(): void {
    for (let t = 0; t < this.#largest.length; t++) this.#grid[t] = gridOf(this.#largest[t])
  }

  /** A statistic's sum over all shards, always in shard order. */
  #fold(statistic: number): number {
    let total = 0
    for (let shard = 0; shard < this.#strategy.numShards; shard++)
      total += this.#slots[shard * this.#slot + statistic]
    return total
  }
}

/** Where a row of a shard's part of the minibatch comes from; -1: no row by itself. */
type Whereabouts = (shard: number, row: number) => string

/** Numbers in a shard's slot of the message. */
const slotLength = ({ tensors }: Layout): number => STATISTICS + tensors.length

/** Numbers, float64, in what is added up once per minibatch. */
export function messageLength(layout: Layout, numShards: number): number {
  return layout.size + numShards * slotLength(layout)
}
