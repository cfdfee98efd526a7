import { type Axis, axesOf } from '../division.ts'
import type { Acted, ActionStreams, Engine, Minibatch, Normalizer, Rows, ShardSums } from '../engine.ts'
import { type Layout, slotLength, tensorsOf } from '../layout.ts'
import type { Team } from '../team.ts'
import { BLOCK, outputsOf } from './arena.ts'
import type { KernelMemory } from './memory.ts'

/** A layer, as the kernels' steps name it, and how it is divided. */
interface Step {
  part: number
  layer: number
  axis: Axis
}

/**
 * An engine for a network that is divided between the ranks of a team (division.ts): all of them call the same methods
 * with the same rows, at the same time, and all get the same bits. Only gradients are of the rank's own piece.
 */
export class DividedEngine implements Engine {
  readonly name: string
  readonly exact = true
  readonly device: string
  readonly layout: Layout
  readonly #memory: KernelMemory
  readonly #team: Team
  /** In the order of a forward pass: trunk, actor, critic. */
  readonly #steps: readonly Step[]

  /** @param memory of an engine for this rank's piece of the network */
  constructor(memory: KernelMemory, team: Team) {
    const { name, device, layout } = memory
    this.name = name
    this.device = device
    this.layout = layout
    this.#memory = memory
    this.#team = team
    const axes = axesOf(layout)
    this.#steps = (['trunk', 'actor', 'critic'] as const).flatMap((network, part) =>
      tensorsOf(layout, network)
        .filter((_, i) => i % 2 === 0)
        .map((weight, layer) => ({ part, layer, axis: axes[layout.tensors.indexOf(weight)] })),
    )
  }

  setParameters(parameters: Float32Array): void {
    this.#memory.setParameters(parameters)
  }

  setNormalizer(normalizer: Normalizer | null): void {
    this.#memory.setNormalizer(normalizer)
  }

  setRows(rows: Rows): void {
    this.#memory.setRows(rows)
  }

  async act(observations: Float32Array, n: number, streams: ActionStreams | null): Promise<Acted> {
    this.#memory.look(observations, n)
    const { base } = this.#memory.kernels
    const { seed, firstEnv, step } = streams ?? { seed: 0, firstEnv: 0, step: 0 }
    const [low, high] = [seed >>> 0, Math.floor(seed / 4_294_967_296)]
    this.#memory.kernels.stepSee(base, n)
    for (let first = 0; first < n; first += BLOCK) {
      const rows = Math.min(BLOCK, n - first)
      this.#memory.kernels.stepInput(base, 0, first, rows)
      await this.#forward(rows, this.#steps)
      this.#memory.kernels.stepDecide(base, first, rows, streams ? 0 : 1, low, high, firstEnv, step)
    }
    return this.#memory.firstActed(n)
  }

  async values(observations: Float32Array, n: number): Promise<Float32Array> {
    this.#memory.look(observations, n)
    const { base } = this.#memory.kernels
    const steps = this.#steps.filter(({ part }) => part !== ACTOR)
    this.#memory.kernels.stepSee(base, n)
    for (let first = 0; first < n; first += BLOCK) {
      const rows = Math.min(BLOCK, n - first)
      this.#memory.kernels.stepInput(base, 0, first, rows)
      await this.#forward(rows, steps)
      this.#memory.kernels.stepValues(base, first, rows)
    }
    return this.#memory.firstActed(n).values
  }

  async gradients(minibatch: Minibatch, grid: Float64Array, sums: ShardSums): Promise<void> {
    const { numShards, rowsPerShard } = minibatch
    const { gradient, slots } = this.#memory.prepare(minibatch, grid, sums)
    const { base } = this.#memory.kernels
    for (let shard = 0; shard < numShards; shard++) {
      const slot = slots + 8 * shard * slotLength(this.layout)
      const end = (shard + 1) * rowsPerShard
      for (let begin = shard * rowsPerShard, first = 1; begin < end; begin += BLOCK, first = 0) {
        const rows = Math.min(BLOCK, end - begin)
        this.#memory.kernels.stepInput(base, 1, begin, rows)
        await this.#forward(rows, this.#steps)
        this.#memory.kernels.stepLoss(base, begin, rows, first, slot)
        await this.#backward(rows, first)
      }
      this.#memory.kernels.stepShard(base, gradient, slot, shard === 0 ? 1 : 0)
    }
    this.#memory.fetch(sums)
    // Statistics are the same on all ranks; the largest magnitude of a tensor is that of its largest piece.
    await this.#team.max(sums.slots)
  }

  async #forward(rows: number, steps: readonly Step[]): Promise<void> {
    const { base } = this.#memory.kernels
    for (const { part, layer, axis } of steps) {
      const isSum = axis === 'inputs'
      this.#memory.kernels.stepProduct(base, part, layer, rows, isSum && this.#team.rank > 0 ? 0 : 1)
      if (isSum) await this.#team.sum(this.#outputs('y', part, layer, rows))
      this.#memory.kernels.stepActivate(base, part, layer, rows)
    }
  }

  /** Actor, critic, trunk; each from its head down. */
  async #backward(rows: number, first: number): Promise<void> {
    const { base } = this.#memory.kernels
    for (const part of [ACTOR, CRITIC, TRUNK])
      for (const { layer, axis } of this.#steps.filter(step => step.part === part).reverse()) {
        this.#memory.kernels.stepBackward(base, part, layer, rows, first)
        if (axis === 'outputs' && layer > 0) await this.#team.sum(this.#outputs('dy', part, layer - 1, rows))
      }
  }

  /** Outputs of a layer, or the gradients by them, where the kernels keep them. */
  #outputs(which: 'y' | 'dy', part: number, layer: number, rows: number): Float32Array {
    const { memory, offset } = this.#memory.kernels
    const { width, ...places } = outputsOf(this.#memory.arena, part, layer)
    return new Float32Array(memory, offset + 4 * places[which], rows * width)
  }
}

const [TRUNK, ACTOR, CRITIC] = [0, 1, 2]
