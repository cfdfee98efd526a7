import { UsageError } from '../../base/errors.ts'
import { CPU } from '../device.ts'
import type { Acted, ActionStreams, Engine, Minibatch, Normalizer, Rows, ShardSums } from '../engine.ts'
import { actionSize, distributionSize, type Layout, tensorsOf } from '../layout.ts'
import { type Arena, MAX_LAYERS, planArena } from './arena.ts'
import type { Kernels, Load } from './load.ts'
import { type Room, Setting, type Views, viewsOf } from './views.ts'

/** The engine over the kernels, WebAssembly and native alike: fills their memory, calls, hands out views. */
export class KernelEngine implements Engine {
  readonly name: string
  readonly exact = true
  readonly device: string = CPU
  readonly layout: Layout
  readonly #load: Load
  #room: Room = { acting: 0, rollout: 0, minibatch: 0, shards: 0 }
  #arena!: Arena
  #kernels!: Kernels
  #views!: Views
  /** The settings as floats. */
  #numbers!: Float32Array
  #acted: Acted | null = null

  constructor(name: string, layout: Layout, load: Load) {
    if (layout.network.encoder)
      throw new UsageError(`--engine ${name}: the kernels have no convolutions; use --engine auto`)
    if (
      tensorsOf(layout, 'trunk').length > 2 * MAX_LAYERS ||
      tensorsOf(layout, 'actor').length > 2 * MAX_LAYERS
    )
      throw new UsageError(
        `--hidden: the ${name} engine takes ${MAX_LAYERS - 1} layers; use --engine reference`,
      )
    this.name = name
    this.layout = layout
    this.#load = load
    this.#reserve({ acting: 1 })
  }

  setParameters(parameters: Float32Array): void {
    this.#views.parameters.set(parameters)
    this.#kernels.pack(this.#kernels.base)
  }

  setNormalizer(normalizer: Normalizer | null): void {
    const { settings, mean, scale } = this.#views
    settings[Setting.normalize] = normalizer ? 1 : 0
    if (!normalizer) return
    mean.set(normalizer.mean)
    scale.set(normalizer.scale)
    this.#numbers[Setting.clip] = normalizer.clip
  }

  act(observations: Float32Array, n: number, streams: ActionStreams | null): Acted {
    this.#look(observations, n)
    const { seed, firstEnv, step } = streams ?? { seed: 0, firstEnv: 0, step: 0 }
    const [low, high] = [seed >>> 0, Math.floor(seed / 4_294_967_296)]
    this.#kernels.act(this.#kernels.base, n, streams ? 0 : 1, low, high, firstEnv, step)
    return this.#firstActed(n)
  }

  values(observations: Float32Array, n: number): Float32Array {
    this.#look(observations, n)
    this.#kernels.evaluate(this.#kernels.base, n)
    return this.#firstActed(n).values
  }

  setRows(rows: Rows): void {
    this.#reserve({ rollout: rows.values.length })
    const views = this.#views
    views.rowObservations.set(rows.observations)
    views.rowActions.set(rows.actions)
    views.rowLogProbs.set(rows.logProbs)
    views.rowValues.set(rows.values)
    views.rowAdvantages.set(rows.advantages)
    views.rowReturns.set(rows.returns)
    if (rows.distributions) views.rowDistributions.set(rows.distributions)
    views.settings[Setting.withKl] = rows.distributions ? 1 : 0
  }

  gradients(minibatch: Minibatch, grid: Float64Array, sums: ShardSums): void {
    const { indices, numShards, rowsPerShard } = minibatch
    const own = this.#kernels.addressOf === null
    this.#reserve({ minibatch: indices.length, shards: own ? numShards : 0 })
    this.#views.indices.set(indices)
    this.#views.grid.set(grid)
    this.#setLoss(minibatch)
    const { base, addressOf } = this.#kernels
    if (addressOf) {
      // Straight into the caller's arrays: they may be what the ranks reduce.
      const [gradient, slots] = [addressOf(sums.gradient), addressOf(sums.slots)]
      this.#kernels.gradients(base, numShards, rowsPerShard, gradient, slots)
      return
    }
    const { gradient, slots } = this.#arena.places
    this.#kernels.gradients(base, numShards, rowsPerShard, base + 4 * gradient, base + 4 * slots)
    sums.gradient.set(this.#views.gradient)
    sums.slots.set(this.#views.slots.subarray(0, sums.slots.length))
  }

  #setLoss(minibatch: Minibatch): void {
    const numbers = this.#numbers
    this.#views.settings[Setting.valueReplaces] = minibatch.valueClipMode === 'replace' ? 1 : 0
    numbers[Setting.clipCoef] = minibatch.clipCoef
    numbers[Setting.valueClip] = minibatch.valueClip
    numbers[Setting.huberDelta] = minibatch.huberDelta
    numbers[Setting.vfCoef] = minibatch.vfCoef
    numbers[Setting.entCoef] = minibatch.entCoef
    numbers[Setting.klCoef] = minibatch.klCoef
    numbers[Setting.advantageMean] = minibatch.advantageMean
    numbers[Setting.advantageDivisor] = minibatch.advantageDivisor
  }

  #look(observations: Float32Array, n: number): void {
    this.#reserve({ acting: n })
    const length = n * this.layout.network.observationSize
    this.#views.seen.set(observations.length === length ? observations : observations.subarray(0, length))
  }

  /** The first `n` rows of what act() left; the same object as long as n is the same. */
  #firstActed(n: number): Acted {
    const { seen, actions, logProbs, values, distributions, nonFiniteRow } = this.#views
    const { network } = this.layout
    if (this.#acted?.values.length !== n)
      this.#acted = {
        observations: seen.subarray(0, n * network.observationSize),
        actions: actions.subarray(0, n * actionSize(network)),
        logProbs: logProbs.subarray(0, n),
        values: values.subarray(0, n),
        distributions: distributions.subarray(0, n * distributionSize(network)),
        nonFiniteRow: -1,
      }
    this.#acted.nonFiniteRow = nonFiniteRow[0]
    return this.#acted
  }

  /** Moves to larger memory if there is no room for so much; what callers have set comes along. */
  #reserve(wanted: Partial<Room>): void {
    const names = Object.keys(wanted) as (keyof Room)[]
    if (names.every(name => wanted[name]! <= this.#room[name])) return
    for (const name of names) this.#room[name] = Math.max(wanted[name]!, this.#room[name])
    const arena = planArena(this.layout, this.#room)
    const kernels = this.#load(arena.bytes)
    if (kernels.contextWords() !== arena.context.length)
      throw new Error('kernels.c and arena.ts disagree about the Context')
    new Int32Array(kernels.memory, kernels.offset, arena.context.length).set(arena.context)
    const views = viewsOf(kernels, arena, this.layout, this.#room)
    if (this.#views)
      for (const [name, kept] of Object.entries(this.#views)) views[name as keyof Views].set(kept)
    this.#arena = arena
    this.#kernels = kernels
    this.#views = views
    this.#numbers = new Float32Array(views.settings.buffer, views.settings.byteOffset, views.settings.length)
    this.#acted = null
    this.#kernels.pack(this.#kernels.base)
  }
}
