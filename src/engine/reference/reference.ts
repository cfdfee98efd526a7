import { roundToGrid } from '../../base/math/exact.ts'
import { STATISTICS } from '../../base/statistics.ts'
import { CPU } from '../device.ts'
import type { Acted, ActionStreams, Engine, Minibatch, Normalizer, Rows, ShardSums } from '../engine.ts'
import { firstNonFinite, makeActed, see } from '../heads/acted.ts'
import { decide, differentiate } from '../heads/heads.ts'
import { type Layout, slotLength } from '../layout.ts'
import { BLOCK_ROWS, type Flat } from './mlp.ts'
import { Model } from './model.ts'

/** The oracle: plain TypeScript, float64 arithmetic throughout, float32 where the interface stores. */
export class ReferenceEngine implements Engine {
  readonly name = 'reference'
  readonly exact = true
  readonly device: string = CPU
  readonly layout: Layout
  /** The parameters, and the gradient sum of the shard at hand. */
  readonly #flat: Flat
  readonly #model: Model
  #normalizer: Normalizer | null = null
  #rows: Rows | null = null
  #acted: Acted

  constructor(layout: Layout) {
    this.layout = layout
    this.#flat = { parameters: new Float64Array(layout.size), gradient: new Float64Array(layout.size) }
    this.#model = new Model(layout, this.#flat)
    this.#acted = makeActed(layout, 0)
  }

  setParameters(parameters: Float32Array): void {
    this.#flat.parameters.set(parameters)
  }

  setNormalizer(normalizer: Normalizer | null): void {
    this.#normalizer = structuredClone(normalizer)
  }

  setRows(rows: Rows): void {
    this.#rows = structuredClone(rows)
  }

  act(observations: Float32Array, n: number, streams: ActionStreams | null): Acted {
    const acted = this.#makeRoom(n)
    see(observations, this.#normalizer, acted.observations, this.layout.network.keys)
    for (let first = 0; first < n; first += BLOCK_ROWS) {
      const rows = Math.min(BLOCK_ROWS, n - first)
      this.#load(acted.observations, first, rows)
      this.#model.forward(rows)
      for (let r = 0; r < rows; r++) decide(this.#model, r, acted, first + r, streams)
    }
    acted.nonFiniteRow = firstNonFinite(observations, this.layout.network.observationSize, acted)
    return acted
  }

  values(observations: Float32Array, n: number): Float32Array {
    const acted = this.#makeRoom(n)
    see(observations, this.#normalizer, acted.observations, this.layout.network.keys)
    for (let first = 0; first < n; first += BLOCK_ROWS) {
      const rows = Math.min(BLOCK_ROWS, n - first)
      this.#load(acted.observations, first, rows)
      this.#model.forwardValues(rows)
      for (let r = 0; r < rows; r++) acted.values[first + r] = this.#model.values[r]
    }
    return acted.values
  }

  gradients(minibatch: Minibatch, grid: Float64Array, { gradient, slots }: ShardSums): void {
    const { numShards, rowsPerShard } = minibatch
    const length = slotLength(this.layout)
    gradient.fill(0)
    slots.fill(0)
    for (let shard = 0; shard < numShards; shard++) {
      const end = (shard + 1) * rowsPerShard
      const statistics = slots.subarray(shard * length, shard * length + STATISTICS)
      this.#flat.gradient.fill(0)
      for (let first = shard * rowsPerShard; first < end; first += BLOCK_ROWS)
        this.#learn(minibatch, first, Math.min(BLOCK_ROWS, end - first), statistics)
      this.#addShard(grid, gradient, slots.subarray(shard * length + STATISTICS))
    }
  }

  #makeRoom(n: number): Acted {
    if (this.#acted.values.length !== n) this.#acted = makeActed(this.layout, n)
    return this.#acted
  }

  #load(observations: Float32Array, first: number, rows: number): void {
    const size = this.layout.network.observationSize
    for (let i = 0; i < rows * size; i++) this.#model.observations[i] = observations[first * size + i]
  }

  /** Forward, loss and backward of the rows indices[first, first + rows). */
  #learn(minibatch: Minibatch, first: number, rows: number, statistics: Float64Array): void {
    if (!this.#rows) throw new Error('gradients() before setRows()')
    const { observations } = this.#rows
    const size = this.layout.network.observationSize
    const seen = this.#model.observations
    for (let r = 0; r < rows; r++) {
      const from = minibatch.indices[first + r] * size
      for (let i = 0; i < size; i++) seen[r * size + i] = observations[from + i]
    }
    this.#model.forward(rows)
    for (let r = 0; r < rows; r++)
      differentiate(this.#model, r, minibatch, this.#rows, minibatch.indices[first + r], statistics)
    this.#model.backward(rows)
  }

  /** Adds the shard's gradient to the rank's: on the grid, so that the order of shards does not show. */
  #addShard(grid: Float64Array, sum: Float64Array, largest: Float64Array): void {
    const { gradient } = this.#flat
    this.layout.tensors.forEach(({ offset, size }, t) => {
      largest[t] = largestMagnitude(gradient, offset, size)
      for (let i = offset; i < offset + size; i++) sum[i] += roundToGrid(gradient[i], grid[t])
    })
  }
}

/** Math.max keeps a NaN. */
function largestMagnitude(x: Float64Array, offset: number, size: number): number {
  let largest = 0
  for (let i = offset; i < offset + size; i++) largest = Math.max(largest, Math.abs(x[i]))
  return largest
}
