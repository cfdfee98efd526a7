import { UsageError } from '../../base/errors.ts'
import { STATISTICS } from '../../base/statistics.ts'
import type { Acted, ActionStreams, Engine, Minibatch, Normalizer, Rows, ShardSums } from '../engine.ts'
import { distributionSize, type Layout } from '../layout.ts'
import { type Arena, LOSS_WORD, MAX_LAYERS, planArena } from './arena.ts'
import type { Kernels } from './load.ts'

/** The engine over the kernels, WebAssembly and native alike: gathers rows into the arena, calls, hands out views. */
export class KernelEngine implements Engine {
  readonly name: string
  readonly exact = true
  readonly layout: Layout
  readonly #load: (bytes: number) => Kernels
  readonly #parameters: Float32Array
  #rows = 0
  #shards = 0
  #kernels!: Kernels
  #arena!: Arena
  #views!: Views
  #lastActed: Acted | null = null
  #lastSums: ShardSums | null = null
  #rowsOfRank: Rows | null = null
  #normalizer: Normalizer | null = null

  /** @param load makes kernels with an arena of so many bytes. */
  constructor(name: string, layout: Layout, load: (bytes: number) => Kernels) {
    if (layout.network.hidden.length >= MAX_LAYERS)
      throw new UsageError(
        `--hidden: the ${name} engine takes ${MAX_LAYERS - 1} layers; use --engine reference`,
      )
    if (layout.network.sharedTrunk || layout.network.distribution !== 'categorical')
      throw new UsageError(`the ${name} engine does not know this network yet; use --engine reference`)
    this.name = name
    this.layout = layout
    this.#load = load
    this.#parameters = new Float32Array(layout.size)
    this.#reserve(1, 1)
  }

  setParameters(parameters: Float32Array): void {
    this.#parameters.set(parameters)
    this.#pack()
  }

  setNormalizer(normalizer: Normalizer | null): void {
    this.#normalizer = structuredClone(normalizer)
  }

  setRows(rows: Rows): void {
    this.#rowsOfRank = structuredClone(rows)
  }

  act(observations: Float32Array, n: number, streams: ActionStreams | null): Acted {
    this.#reserve(n, 1)
    this.#see(observations, n)
    const { seed, firstEnv, step } = streams ?? { seed: 0, firstEnv: 0, step: 0 }
    const [low, high] = [seed >>> 0, Math.floor(seed / 4_294_967_296)]
    this.#kernels.act(this.#arena.context, n, streams ? 0 : 1, low, high, firstEnv, step)
    return this.#acted(n)
  }

  values(observations: Float32Array, n: number): Float32Array {
    this.#reserve(n, 1)
    this.#see(observations, n)
    this.#kernels.evaluate(this.#arena.context, n)
    return this.#acted(n).values
  }

  #see(observations: Float32Array, n: number): void {
    const seen = this.#views.observations
    seen.set(observations.subarray(0, n * this.layout.network.observationSize))
    if (!this.#normalizer) return
    const { mean, scale, clip } = this.#normalizer
    for (let i = 0; i < n * mean.length; i++)
      seen[i] = Math.min(Math.max((seen[i] - mean[i % mean.length]) * scale[i % mean.length], -clip), clip)
  }

  gradients(minibatch: Minibatch, grid: Float64Array): ShardSums {
    if (minibatch.klCoef !== 0 || minibatch.huberDelta !== Infinity || minibatch.valueClipMode !== 'max')
      throw new UsageError(`the ${this.name} engine does not know this loss yet; use --engine reference`)
    const { numShards, rowsPerShard } = minibatch
    this.#reserve(numShards * rowsPerShard, numShards)
    this.#gather(minibatch)
    this.#views.grid.set(grid)
    this.#kernels.gradients(this.#arena.context, numShards, rowsPerShard, this.layout.size)
    return this.#sums(numShards)
  }

  /** Rows of the rollout, in the order of the minibatch; and its loss. */
  #gather(minibatch: Minibatch): void {
    const { indices } = minibatch
    const rows = this.#rowsOfRank!
    const { observations, actions, logProbs, values, advantages, returns, loss } = this.#views
    const size = this.layout.network.observationSize
    for (let i = 0; i < indices.length; i++) {
      const row = indices[i]
      for (let k = 0; k < size; k++) observations[i * size + k] = rows.observations[row * size + k]
      actions[i] = rows.actions[row]
      logProbs[i] = rows.logProbs[row]
      values[i] = rows.values[row]
      advantages[i] = rows.advantages[row]
      returns[i] = rows.returns[row]
    }
    loss[0] = minibatch.clipCoef
    loss[1] = minibatch.valueClip === Infinity ? -1 : minibatch.valueClip
    loss[2] = minibatch.vfCoef
    loss[3] = minibatch.entCoef
    loss[4] = minibatch.advantageMean
    loss[5] = minibatch.advantageDivisor
  }

  /** The first `n` rows of what act() left; the same objects as long as n is the same. */
  #acted(n: number): Acted {
    if (this.#lastActed?.actions.length === n) return this.#lastActed
    const { observations, actions, logProbs, values } = this.#views
    const first = {
      observations: observations.subarray(0, n * this.layout.network.observationSize),
      distributions: new Float32Array(n * distributionSize(this.layout.network)),
      nonFiniteRow: -1,
      actions: actions.subarray(0, n),
      logProbs: logProbs.subarray(0, n),
      values: values.subarray(0, n),
    }
    this.#lastActed = first
    return first
  }

  #sums(numShards: number): ShardSums {
    if (this.#lastSums?.statistics.length === numShards * STATISTICS) return this.#lastSums
    const { gradient, statistics, largest } = this.#views
    const tensors = this.layout.tensors.length
    const first = {
      gradient,
      statistics: statistics.subarray(0, numShards * STATISTICS),
      largest: largest.subarray(0, numShards * tensors),
    }
    this.#lastSums = first
    return first
  }

  #pack(): void {
    this.#views.parameters.set(this.#parameters)
    this.#kernels.pack(this.#arena.context)
  }

  /** Makes a larger arena if this one has no room for so many rows and shards. */
  #reserve(rows: number, shards: number): void {
    if (rows <= this.#rows && shards <= this.#shards) return
    this.#rows = Math.max(rows, this.#rows)
    this.#shards = Math.max(shards, this.#shards)
    this.#lastActed = null
    this.#lastSums = null
    this.#arena = planArena(this.layout, this.#rows, this.#shards)
    this.#kernels = this.#load(this.#arena.bytes)
    const { contents, context } = this.#arena
    if (this.#kernels.contextWords() !== contents.length)
      throw new Error('kernels.c and arena.ts disagree about the Context')
    this.#views = viewsOf(this.#kernels, this.#arena, this.layout, this.#rows, this.#shards)
    new Int32Array(this.#kernels.memory, this.#kernels.offset + context * 4, contents.length).set(contents)
    this.#pack()
  }
}

/** The arena's arrays, as the driver and its callers see them. */
interface Views extends ShardSums, Omit<Acted, 'distributions' | 'nonFiniteRow'> {
  parameters: Float32Array
  observations: Float32Array
  advantages: Float32Array
  returns: Float32Array
  grid: Float64Array
  loss: Float32Array
}

function viewsOf(
  { memory, offset }: Kernels,
  arena: Arena,
  layout: Layout,
  rows: number,
  shards: number,
): Views {
  const { places } = arena
  const tensors = layout.tensors.length
  const floats = (word: number, length: number) => new Float32Array(memory, offset + word * 4, length)
  const doubles = (word: number, length: number) => new Float64Array(memory, offset + word * 4, length)
  return {
    parameters: floats(places.parameters, layout.size),
    observations: floats(places.observations, rows * layout.network.observationSize),
    actions: new Int32Array(memory, offset + places.actions * 4, rows),
    logProbs: floats(places.logProbs, rows),
    values: floats(places.values, rows),
    advantages: floats(places.advantages, rows),
    returns: floats(places.returns, rows),
    gradient: doubles(places.gradient, layout.size),
    statistics: doubles(places.statistics, shards * STATISTICS),
    largest: doubles(places.largest, shards * tensors),
    grid: doubles(places.grid, tensors),
    loss: floats(arena.context + LOSS_WORD, 6),
  }
}
