import { roundToGrid } from '../base/math/exact.ts'
import { STATISTICS, Statistic } from '../base/statistics.ts'
import type { Acted, ActionStreams, Engine, Minibatch, Normalizer, Rows, ShardSums } from './engine.ts'
import { actionSize, distributionSize, type Layout, slotLength } from './layout.ts'
import { policyTerm, valueTerm } from './loss.ts'
import { BLOCK_ROWS, type Flat } from './mlp.ts'
import { Model } from './model.ts'

/** The oracle: plain TypeScript, float64 arithmetic throughout, float32 where the interface stores. */
export class ReferenceEngine implements Engine {
  readonly name = 'reference'
  readonly exact = true
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
    const { policy } = this.#model
    this.#see(observations, n)
    for (let first = 0; first < n; first += BLOCK_ROWS) {
      const rows = Math.min(BLOCK_ROWS, n - first)
      this.#load(acted.observations, first, rows)
      this.#model.forward(rows)
      for (let r = 0; r < rows; r++) {
        const row = first + r
        if (streams) policy.sample(r, acted.actions, row, streams)
        else policy.mode(r, acted.actions, row)
        acted.logProbs[row] = policy.logProb(r, acted.actions, row)
        policy.describe(r, acted.distributions, row)
        acted.values[row] = this.#model.values[r]
      }
    }
    acted.nonFiniteRow = firstNonFinite(observations, this.layout.network.observationSize, acted)
    return acted
  }

  values(observations: Float32Array, n: number): Float32Array {
    const acted = this.#makeRoom(n)
    this.#see(observations, n)
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

  /** Observations as the networks see them. */
  #see(observations: Float32Array, n: number): void {
    const seen = this.#acted.observations
    if (!this.#normalizer) {
      seen.set(observations.subarray(0, seen.length))
      return
    }
    const { mean, scale, clip } = this.#normalizer
    const size = mean.length
    for (let i = 0; i < n * size; i++)
      seen[i] = Math.min(Math.max((observations[i] - mean[i % size]) * scale[i % size], -clip), clip)
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
      this.#differentiate(minibatch, this.#rows, minibatch.indices[first + r], r, statistics)
    this.#model.backward(rows)
  }

  /** Statistics of the row `row`, which is row `r` of the block, and the gradients at the heads. */
  #differentiate(minibatch: Minibatch, rows: Rows, row: number, r: number, statistics: Float64Array): void {
    const { policy, values, valueGradient } = this.#model
    const { actions, distributions } = rows
    const advantage = (rows.advantages[row] - minibatch.advantageMean) / minibatch.advantageDivisor
    const logProb = policy.logProb(r, actions, row)
    const byLogProb = policyTerm(logProb, rows.logProbs[row], advantage, minibatch, statistics)
    const byValue = valueTerm(values[r], rows.values[row], rows.returns[row], minibatch, statistics)
    const { vfCoef, entCoef, klCoef } = minibatch
    policy.backward(r, row, { actions, distributions, byLogProb, byEntropy: -entCoef, byKl: klCoef })
    valueGradient[r] = vfCoef * byValue
    statistics[Statistic.rows]++
    statistics[Statistic.entropy] += policy.entropy(r)
    if (distributions) statistics[Statistic.kl] += policy.klFrom(r, distributions, row)
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

/** The first row that shows a NaN or an infinity, or -1. A clipped observation hides it: `observations` are raw. */
function firstNonFinite(observations: Float32Array, size: number, { values, logProbs }: Acted): number {
  return values.findIndex((value, row) => {
    if (!Number.isFinite(value) || !Number.isFinite(logProbs[row])) return true
    for (let i = row * size; i < (row + 1) * size; i++) if (!Number.isFinite(observations[i])) return true
    return false
  })
}

/** Math.max keeps a NaN. */
function largestMagnitude(x: Float64Array, offset: number, size: number): number {
  let largest = 0
  for (let i = offset; i < offset + size; i++) largest = Math.max(largest, Math.abs(x[i]))
  return largest
}

function makeActed({ network }: Layout, n: number): Acted {
  const length = n * actionSize(network)
  return {
    observations: new Float32Array(n * network.observationSize),
    actions: network.distribution === 'categorical' ? new Int32Array(length) : new Float32Array(length),
    logProbs: new Float32Array(n),
    values: new Float32Array(n),
    distributions: new Float32Array(n * distributionSize(network)),
    nonFiniteRow: -1,
  }
}
