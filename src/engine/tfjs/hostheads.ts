import type { Distribution } from '../distribution.ts'
import type { Acted, ActionStreams, Minibatch, Rows } from '../engine.ts'
import { decide, differentiate, distributionOf, type Heads } from '../heads.ts'
import type { Network } from '../layout.ts'
import { BLOCK_ROWS } from '../mlp.ts'

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
  readonly #numActions: number
  readonly #outputs: Float64Array // [BLOCK_ROWS, numActions]
  readonly #outputGradient: Float64Array // [BLOCK_ROWS, numActions]

  constructor(network: Network) {
    const { numActions } = network
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

  /** @returns d loss / d outputs of `indices[first, first + count)`, [count, outputs + 1]. */
  learn(
    outputs: Float32Array,
    minibatch: Minibatch,
    rows: Rows,
    statisticsOf: (i: number) => Float64Array,
  ): Float32Array {
    const width = this.#numActions + 1
    const slopes = new Float32Array(outputs.length)
    const n = minibatch.indices.length
    for (let first = 0; first < n; first += BLOCK_ROWS) {
      const count = Math.min(BLOCK_ROWS, n - first)
      this.#load(outputs, first, count)
      for (let r = 0; r < count; r++) {
        const i = first + r
        differentiate(this, r, minibatch, rows, minibatch.indices[i], statisticsOf(i))
        for (let j = 0; j < this.#numActions; j++)
          slopes[i * width + j] = this.#outputGradient[r * this.#numActions + j]
        slopes[i * width + this.#numActions] = this.valueGradient[r]
      }
    }
    return slopes
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
