import type { Acted, ActionStreams, Engine, Minibatch, ShardSums } from '../engine.ts'
import { KernelMemory } from './memory.ts'

/** The engine over the kernels: one call of theirs for each of its own. */
export class KernelEngine extends KernelMemory implements Engine {
  act(observations: Float32Array, n: number, streams: ActionStreams | null): Acted {
    this.look(observations, n)
    const { seed, firstEnv, step } = streams ?? { seed: 0, firstEnv: 0, step: 0 }
    const [low, high] = [seed >>> 0, Math.floor(seed / 4_294_967_296)]
    this.kernels.act(this.kernels.base, n, streams ? 0 : 1, low, high, firstEnv, step)
    return this.firstActed(n)
  }

  values(observations: Float32Array, n: number): Float32Array {
    this.look(observations, n)
    this.kernels.evaluate(this.kernels.base, n)
    return this.firstActed(n).values
  }

  gradients(minibatch: Minibatch, grid: Float64Array, sums: ShardSums): void {
    const { numShards, rowsPerShard } = minibatch
    const { gradient, slots } = this.prepare(minibatch, grid, sums)
    this.kernels.gradients(this.kernels.base, numShards, rowsPerShard, gradient, slots)
    this.fetch(sums)
  }
}
