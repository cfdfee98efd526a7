import { NonFiniteError } from '../base/errors.ts'
import { fitsGrid, gridOf } from '../base/math/exact.ts'
import { STATISTICS, Statistic } from '../base/statistics.ts'
import type { Engine, Minibatch, ShardSums } from '../engine/engine.ts'
import type { Layout, Tensor } from '../engine/layout.ts'
import type { Strategy } from './strategy.ts'

/** The reduced gradient of a minibatch and its statistics: means over its global rows, the same on all ranks. */
export interface Reduced {
  /** [P], valid until the next minibatch. */
  gradient: Float64Array
  stats: MinibatchStats
}

export interface MinibatchStats {
  policyLoss: number
  valueLoss: number
  entropy: number
  approxKl: number
  clipFraction: number
}

/**
 * Adds up gradients so that neither the order nor the number of ranks shows (ARCHITECTURE decision 5): each
 * shard's sum is rounded to a grid shared by all ranks, and sums of multiples of a grid are exact in float64.
 *
 *   message = [ gradient, P | shard 0: statistics, largest per tensor | shard 1: ... ]
 *
 * A rank fills the slots of its own shards and leaves zeros in the others'. Everybody then knows each shard's
 * largest magnitudes: if they do not fit the grid, all ranks compute the minibatch again on a coarser one.
 */
export class ExactSum {
  readonly #strategy: Strategy
  readonly #engine: Engine
  readonly #layout: Layout
  readonly #layoutHash: number
  readonly #message: Float64Array
  readonly #slots: Float64Array // [numShards, STATISTICS + tensors]
  readonly #slot: number
  readonly #grid: Float64Array
  /** Minibatches that were computed twice. */
  retries = 0

  /** @param grid one power of two per tensor: training state, moved on in place. */
  constructor(strategy: Strategy, engine: Engine, layoutHash: number, grid: Float64Array) {
    const { layout } = engine
    this.#strategy = strategy
    this.#engine = engine
    this.#layout = layout
    this.#layoutHash = layoutHash
    this.#slot = slotLength(layout)
    this.#message = new Float64Array(messageLength(layout, strategy.numShards))
    this.#slots = this.#message.subarray(layout.size)
    this.#grid = grid
  }

  /** Throws NonFiniteError on all ranks if a shard's sums are not finite. */
  async reduce(minibatch: Minibatch): Promise<Reduced> {
    await this.#sum(minibatch)
    if (!this.#fits()) {
      this.retries++
      this.#layout.tensors.forEach((_, k) => {
        this.#grid[k] = gridOf(this.#largest(k))
      })
      await this.#sum(minibatch)
    }
    const gradient = this.#message.subarray(0, this.#layout.size)
    const total = (statistic: number) => this.#fold(statistic)
    const rows = total(Statistic.rows)
    this.#layout.tensors.forEach((tensor, k) => {
      this.#grid[k] = gridOf(divide(gradient, tensor, rows)) // the next grid follows this sum
    })
    const stats = {
      policyLoss: total(Statistic.policyLoss) / rows,
      valueLoss: total(Statistic.valueLoss) / rows,
      entropy: total(Statistic.entropy) / rows,
      approxKl: total(Statistic.approxKl) / rows,
      clipFraction: total(Statistic.clipped) / rows,
    }
    return { gradient, stats }
  }

  async #sum(minibatch: Minibatch): Promise<void> {
    const sums = await this.#engine.gradients(minibatch, this.#grid)
    this.#message.set(sums.gradient)
    this.#slots.fill(0)
    for (let local = 0; local < minibatch.numShards; local++) this.#fillSlot(sums, local)
    await this.#strategy.sum(this.#message, this.#layoutHash)
    this.#checkFinite()
  }

  #fillSlot({ statistics, largest }: ShardSums, local: number): void {
    const tensors = this.#layout.tensors.length
    const at = (this.#strategy.firstShard + local) * this.#slot
    this.#slots.set(statistics.subarray(local * STATISTICS, (local + 1) * STATISTICS), at)
    this.#slots.set(largest.subarray(local * tensors, (local + 1) * tensors), at + STATISTICS)
  }

  #checkFinite(): void {
    for (let shard = 0; shard < this.#strategy.numShards; shard++)
      for (const [k, { name }] of this.#layout.tensors.entries()) {
        const largest = this.#slots[shard * this.#slot + STATISTICS + k]
        if (!Number.isFinite(largest))
          throw new NonFiniteError(`the gradient of ${name} is not finite in shard ${shard} (${largest})`)
      }
  }

  #fits(): boolean {
    const { numShards } = this.#strategy
    return this.#layout.tensors.every((_, k) => fitsGrid(this.#largest(k), numShards, this.#grid[k]))
  }

  /** Largest magnitude of tensor `k` in any shard's sum. */
  #largest(k: number): number {
    let largest = 0
    for (let shard = 0; shard < this.#strategy.numShards; shard++)
      largest = Math.max(largest, this.#slots[shard * this.#slot + STATISTICS + k])
    return largest
  }

  /** A statistic's sum over all shards, always in shard order. */
  #fold(statistic: number): number {
    let total = 0
    for (let shard = 0; shard < this.#strategy.numShards; shard++)
      total += this.#slots[shard * this.#slot + statistic]
    return total
  }
}

/** Numbers in a shard's slot of the message. */
const slotLength = ({ tensors }: Layout): number => STATISTICS + tensors.length

/** Numbers, float64, in what is added up once per minibatch. */
export function messageLength(layout: Layout, numShards: number): number {
  return layout.size + numShards * slotLength(layout)
}

/** Divides a tensor's sum by the rows behind it; returns the largest magnitude that the sum had. */
function divide(values: Float64Array, { offset, size }: Tensor, rows: number): number {
  let largest = 0
  for (let i = offset; i < offset + size; i++) {
    const x = values[i]
    if (x > largest) largest = x
    else if (-x > largest) largest = -x
    values[i] = x / rows
  }
  return largest
}
