import { roundToGrid } from '../base/math/exact.ts'
import { Purpose, uniform } from '../base/math/streams.ts'
import { STATISTICS, Statistic } from '../base/statistics.ts'
import { entropyOf, logitGradient, logSoftmax, modeOf, sampleAction } from './categorical.ts'
import type { Acted, ActionStreams, Engine, Minibatch, ShardSums } from './engine.ts'
import type { Layout } from './layout.ts'
import { policyTerm, valueTerm } from './loss.ts'
import { BLOCK_ROWS, type Flat, Mlp } from './mlp.ts'

/** The oracle: plain TypeScript, float64 arithmetic throughout, float32 where the interface stores. */
export class ReferenceEngine implements Engine {
  readonly name = 'reference'
  readonly exact = true
  readonly layout: Layout
  /** The parameters, and the gradient sum of the shard at hand. */
  readonly #flat: Flat
  readonly #observations: Float64Array // [BLOCK_ROWS, obs]
  readonly #actor: Mlp
  readonly #critic: Mlp
  readonly #probabilities: Float64Array // [BLOCK_ROWS, actions]
  #acted: Acted
  #sums: ShardSums

  constructor(layout: Layout) {
    const { observationSize, activation, numActions } = layout.network
    this.layout = layout
    this.#flat = { parameters: new Float64Array(layout.size), gradient: new Float64Array(layout.size) }
    this.#observations = new Float64Array(BLOCK_ROWS * observationSize)
    const half = layout.tensors.length / 2
    this.#actor = new Mlp(layout.tensors.slice(0, half), activation, this.#observations, this.#flat)
    this.#critic = new Mlp(layout.tensors.slice(half), activation, this.#observations, this.#flat)
    this.#probabilities = new Float64Array(BLOCK_ROWS * numActions)
    this.#acted = makeActed(0)
    this.#sums = makeSums(layout, 0)
  }

  setParameters(parameters: Float32Array): void {
    this.#flat.parameters.set(parameters)
  }

  act(observations: Float32Array, n: number, streams: ActionStreams | null): Acted {
    if (this.#acted.actions.length !== n) this.#acted = makeActed(n)
    for (let first = 0; first < n; first += BLOCK_ROWS) {
      const rows = Math.min(BLOCK_ROWS, n - first)
      this.#value(observations, first, rows)
      this.#actor.forward(rows)
      this.#choose(first, rows, streams)
    }
    return this.#acted
  }

  values(observations: Float32Array, n: number): Float32Array {
    if (this.#acted.actions.length !== n) this.#acted = makeActed(n)
    for (let first = 0; first < n; first += BLOCK_ROWS) {
      const rows = Math.min(BLOCK_ROWS, n - first)
      this.#value(observations, first, rows)
    }
    return this.#acted.values
  }

  gradients(minibatch: Minibatch, grid: Float64Array): ShardSums {
    const { numShards, rowsPerShard } = minibatch
    if (this.#sums.statistics.length !== numShards * STATISTICS) this.#sums = makeSums(this.layout, numShards)
    this.#sums.gradient.fill(0)
    this.#sums.statistics.fill(0)
    for (let shard = 0; shard < numShards; shard++) {
      const end = (shard + 1) * rowsPerShard
      this.#flat.gradient.fill(0)
      for (let first = shard * rowsPerShard; first < end; first += BLOCK_ROWS)
        this.#learn(minibatch, first, Math.min(BLOCK_ROWS, end - first), shard * STATISTICS)
      this.#addShard(shard, grid)
    }
    return this.#sums
  }

  #load(observations: Float32Array, first: number, rows: number): void {
    const size = this.layout.network.observationSize
    for (let i = 0; i < rows * size; i++) this.#observations[i] = observations[first * size + i]
  }

  /** Values of a block of rows; their observations stay loaded for the actor. */
  #value(observations: Float32Array, first: number, rows: number): void {
    this.#load(observations, first, rows)
    this.#critic.forward(rows)
    for (let r = 0; r < rows; r++) this.#acted.values[first + r] = this.#critic.output[r]
  }

  /** Actions and their log-probabilities from the actor's logits of this block. */
  #choose(first: number, rows: number, streams: ActionStreams | null): void {
    const { numActions } = this.layout.network
    const probabilities = this.#probabilities
    const logits = this.#actor.output
    for (let r = 0; r < rows; r++) {
      const at = r * numActions
      // Before logSoftmax, whose rounding can make unequal logits equal.
      const mode = modeOf(logits, at, numActions)
      logSoftmax(logits, probabilities, at, numActions)
      const action = streams ? sampleAction(probabilities, at, numActions, draw(streams, first + r)) : mode
      this.#acted.actions[first + r] = action
      this.#acted.logProbs[first + r] = logits[at + action]
    }
  }

  /** Forward, loss and backward of the rows indices[first, first + rows). */
  #learn(minibatch: Minibatch, first: number, rows: number, at: number): void {
    const actor = this.#actor
    const critic = this.#critic
    this.#gather(minibatch, first, rows)
    actor.forward(rows)
    critic.forward(rows)
    for (let r = 0; r < rows; r++) this.#differentiate(minibatch, minibatch.indices[first + r], r, at)
    actor.backward(rows)
    critic.backward(rows)
  }

  #gather(minibatch: Minibatch, first: number, rows: number): void {
    const size = this.layout.network.observationSize
    for (let r = 0; r < rows; r++) {
      const from = minibatch.indices[first + r] * size
      for (let i = 0; i < size; i++) this.#observations[r * size + i] = minibatch.observations[from + i]
    }
  }

  /** Statistics of the minibatch's row `row`, which is row `r` of the block, and the gradients at both heads. */
  #differentiate(minibatch: Minibatch, row: number, r: number, at: number): void {
    const { numActions } = this.layout.network
    const probabilities = this.#probabilities
    const { statistics } = this.#sums
    const { clipCoef, valueClip, vfCoef, entCoef } = minibatch
    const action = minibatch.actions[row]
    const advantage = (minibatch.advantages[row] - minibatch.advantageMean) / minibatch.advantageDivisor
    const logits = this.#actor.output
    const first = r * numActions

    logSoftmax(logits, probabilities, first, numActions)
    const logProb = logits[first + action]
    const byLogProb = policyTerm(logProb, minibatch.logProbs[row], advantage, clipCoef, statistics, at)
    const { outputGradient } = this.#actor
    logitGradient(outputGradient, logits, probabilities, first, numActions, action, byLogProb, -entCoef)

    const value = this.#critic.output[r]
    const byValue = valueTerm(value, minibatch.values[row], minibatch.returns[row], valueClip, statistics, at)
    this.#critic.outputGradient[r] = vfCoef * byValue

    statistics[at + Statistic.rows]++
    statistics[at + Statistic.entropy] += entropyOf(logits, probabilities, first, numActions)
  }

  /** Adds the shard's gradient to the rank's: on the grid, so that the order of shards does not show. */
  #addShard(shard: number, grid: Float64Array): void {
    const { tensors } = this.layout
    const { gradient } = this.#flat
    tensors.forEach(({ offset, size }, t) => {
      this.#sums.largest[shard * tensors.length + t] = largestMagnitude(gradient, offset, size)
      for (let i = offset; i < offset + size; i++) this.#sums.gradient[i] += roundToGrid(gradient[i], grid[t])
    })
  }
}

function draw(streams: ActionStreams, row: number): number {
  return uniform(streams.seed, Purpose.action, streams.firstEnv + row, streams.step, 0)
}

/** Math.max keeps a NaN. */
function largestMagnitude(x: Float64Array, offset: number, size: number): number {
  let largest = 0
  for (let i = offset; i < offset + size; i++) largest = Math.max(largest, Math.abs(x[i]))
  return largest
}

function makeActed(n: number): Acted {
  return { actions: new Int32Array(n), logProbs: new Float32Array(n), values: new Float32Array(n) }
}

function makeSums(layout: Layout, numShards: number): ShardSums {
  return {
    gradient: new Float64Array(layout.size),
    statistics: new Float64Array(numShards * STATISTICS),
    largest: new Float64Array(numShards * layout.tensors.length),
  }
}
