import { STATISTICS } from '../../base/statistics.ts'
import type { Acted, ActionStreams, Minibatch, Rows, ShardSums } from '../engine.ts'
import { type Layout, slotLength } from '../layout.ts'
import { BLOCK_ROWS } from '../reference/mlp.ts'
import type { Distribution } from './distribution.ts'
import { decide, differentiate, distributionOf, type Heads, score } from './heads.ts'

/**
 * Decisions and losses on the host, in the oracle's own arithmetic, from outputs [n, outputs + 1] that some device has
 * computed. So there is one PPO loss for all engines, and one copy each way between it and the device.
 */
export class HostHeads implements Heads {
  readonly policy: Distribution
  readonly values: Float64Array = new Float64Array(BLOCK_ROWS)
  readonly valueGradient: Float64Array = new Float64Array(BLOCK_ROWS)
  /** Of a Gaussian, [numActions]; the gradient is added to. */
  readonly logStd: Float64Array
  readonly logStdGradient: Float64Array
  readonly #layout: Layout
  readonly #numActions: number
  readonly #outputs: Float64Array // [BLOCK_ROWS, numActions]
  readonly #outputGradient: Float64Array // [BLOCK_ROWS, numActions]

  constructor(layout: Layout) {
    const { network } = layout
    const { numActions } = network
    this.#layout = layout
    this.#numActions = numActions
    this.#outputs = new Float64Array(BLOCK_ROWS * numActions)
    this.#outputGradient = new Float64Array(BLOCK_ROWS * numActions)
    this.logStd = new Float64Array(numActions)
    this.logStdGradient = new Float64Array(numActions)
    this.policy = distributionOf(network, {
      output: this.#outputs,
      outputGradient: this.#outputGradient,
      logStd: this.logStd,
      logStdGradient: this.logStdGradient,
    })
  }

  /** Fills `acted` but for its observations. */
  act(outputs: Float32Array, acted: Acted, streams: ActionStreams | null): void {
    const n = acted.values.length
    for (let first = 0; first < n; first += BLOCK_ROWS) {
      const rows = Math.min(BLOCK_ROWS, n - first)
      this.#load(outputs, first, rows)
      for (let r = 0; r < rows; r++) decide(this, r, acted, first + r, streams)
    }
  }

  /** As act(), of actions that have been taken elsewhere. */
  rate(outputs: Float32Array, acted: Acted): void {
    const n = acted.values.length
    for (let first = 0; first < n; first += BLOCK_ROWS) {
      const rows = Math.min(BLOCK_ROWS, n - first)
      this.#load(outputs, first, rows)
      for (let r = 0; r < rows; r++) score(this, r, acted, first + r)
    }
  }

  /**
   * Losses of a minibatch: their statistics to the slots.
   * @returns d loss / d outputs, [rows, outputs + 1]
   */
  learn(outputs: Float32Array, minibatch: Minibatch, rows: Rows, { slots }: ShardSums): Float32Array {
    const length = slotLength(this.#layout)
    const perShard = Array.from({ length: minibatch.numShards }, (_, shard) =>
      slots.subarray(shard * length, shard * length + STATISTICS),
    )
    slots.fill(0)
    this.logStdGradient.fill(0)
    const width = this.#numActions + 1
    const slopes = new Float32Array(outputs.length)
    const n = minibatch.indices.length
    for (let first = 0; first < n; first += BLOCK_ROWS) {
      const count = Math.min(BLOCK_ROWS, n - first)
      this.#load(outputs, first, count)
      for (let r = 0; r < count; r++) {
        const i = first + r
        const statistics = perShard[Math.floor(i / minibatch.rowsPerShard)]
        differentiate(this, r, minibatch, rows, minibatch.indices[i], statistics)
        for (let j = 0; j < this.#numActions; j++)
          slopes[i * width + j] = this.#outputGradient[r * this.#numActions + j]
        slopes[i * width + this.#numActions] = this.valueGradient[r]
      }
    }
    return slopes
  }

  /**
   * Writes the gradient that a device gives, to which the host adds log_std's. The device adds all the rank's shards up
   * at once: each slot gets the magnitudes of the whole.
   */
  finish(flat: Float32Array, { numShards }: Minibatch, { gradient, slots }: ShardSums): void {
    gradient.set(flat)
    gradient.set(this.logStdGradient.subarray(0, this.#layout.size - flat.length), flat.length)
    const length = slotLength(this.#layout)
    this.#layout.tensors.forEach(({ offset, size }, t) => {
      let largest = 0 // Math.max keeps a NaN
      for (let i = offset; i < offset + size; i++) largest = Math.max(largest, Math.abs(gradient[i]))
      for (let shard = 0; shard < numShards; shard++) slots[shard * length + STATISTICS + t] = largest
    })
  }

  #load(outputs: Float32Array, first: number, rows: number): void {
    const n = this.#numActions
    for (let r = 0; r < rows; r++) {
      const from = (first + r) * (n + 1)
      for (let j = 0; j < n; j++) this.#outputs[r * n + j] = outputs[from + j]
      this.values[r] = outputs[from + n]
    }
    this.policy.prepare(rows)
  }
}
