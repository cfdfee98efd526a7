import { UsageError } from '../../base/errors.ts'
import { CPU } from '../device.ts'
import type { Acted, Minibatch, Normalizer, Rows, ShardSums } from '../engine.ts'
import { actionSize, distributionSize, type Layout, tensorsOf } from '../layout.ts'
import { type Arena, MAX_LAYERS, planArena } from './arena.ts'
import type { Kernels, Load } from './load.ts'
import { type Room, Setting, type Views, viewsOf } from './views.ts'

/** What engines over the kernels have in common, WebAssembly and native alike: fills their memory, hands out views. */
export class KernelMemory {
  readonly name: string
  readonly exact: boolean = true
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

  /** @param room for what will be asked for: to find more later takes both the old memory and the new */
  constructor(name: string, layout: Layout, load: Load, room: Partial<Room> = {}) {
    if (layout.network.encoder || layout.network.keys)
      throw new UsageError(`--engine ${name}: the kernels have no encoders; use --engine auto`)
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
    this.#reserve({ acting: 1, ...room })
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

  get kernels(): Kernels {
    return this.#kernels
  }

  get arena(): Arena {
    return this.#arena
  }

  /** Hands the kernels a minibatch. @returns pointers to where they are to write */
  prepare(minibatch: Minibatch, grid: Float64Array, sums: ShardSums): { gradient: number; slots: number } {
    const { indices, numShards } = minibatch
    const own = this.#kernels.addressOf === null
    this.#reserve({ minibatch: indices.length, shards: own ? numShards : 0 })
    this.#views.indices.set(indices)
    this.#views.grid.set(grid)
    this.#setLoss(minibatch)
    const { base, addressOf } = this.#kernels
    // Straight into the caller's arrays: they may be what the ranks reduce.
    if (addressOf) return { gradient: addressOf(sums.gradient), slots: addressOf(sums.slots) }
    const { gradient, slots } = this.#arena.places
    return { gradient: base + 4 * gradient, slots: base + 4 * slots }
  }

  /** Brings what they wrote, if they could not reach the caller's arrays. */
  fetch(sums: ShardSums): void {
    if (this.#kernels.addressOf) return
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

  /** Takes `n` rows to act on. */
  look(observations: Float32Array, n: number): void {
    this.#reserve({ acting: n })
    const length = n * this.layout.network.observationSize
    this.#views.seen.set(observations.length === length ? observations : observations.subarray(0, length))
  }

  /** The first `n` rows of what act() left; the same object as long as n is the same. */
  firstActed(n: number): Acted {
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
