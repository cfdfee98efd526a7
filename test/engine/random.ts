/** Random networks and minibatches for tests that need no recorded data. */

import { gridOf } from '../../src/base/math/exact.ts'
import { normal, Purpose, uniform } from '../../src/base/math/streams.ts'
import { STATISTICS } from '../../src/base/statistics.ts'
import type { Engine, Minibatch, Rows } from '../../src/engine/engine.ts'
import { distributionSize, type Layout, layoutOf, type Network, slotLength } from '../../src/engine/layout.ts'

export const cartPole: Network = {
  observationSize: 4,
  hidden: [64, 64],
  activation: 'tanh',
  sharedTrunk: false,
  distribution: 'categorical',
  numActions: 2,
}

/** Widths that are no multiple of any vector or tile. */
export function oddLayout(network: Partial<Network> = {}): Layout {
  return layoutOf({ ...cartPole, observationSize: 3, hidden: [7, 5], numActions: 3, ...network })
}

/** [P]; multiples of 2^-12, so that a small step to either side is exact in float32. */
export function randomParameters(layout: Layout, seed: number): Float32Array {
  return Float32Array.from(gaussian(layout.size, seed), x => Math.round(0.5 * x * 4096) / 4096)
}

export function gaussian(length: number, seed: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => normal(seed, Purpose.init, 0, 0, i))
}

/** Shards of consecutive rows, shuffled within; old policy and values near enough for both clips to matter. */
export function randomBatch(
  layout: Layout,
  numShards: number,
  rowsPerShard: number,
): { rows: Rows; minibatch: Minibatch } {
  const { network } = layout
  const rows = numShards * rowsPerShard
  const categorical = network.distribution === 'categorical'
  return {
    rows: {
      observations: gaussian(rows * network.observationSize, 1),
      actions: categorical
        ? Int32Array.from({ length: rows }, (_, i) =>
            Math.floor(network.numActions * uniform(2, Purpose.action, i, 0, 0)),
          )
        : gaussian(rows * network.numActions, 2),
      logProbs: gaussian(rows, 3).map(x => (categorical ? -1.1 : -4.5) + 0.3 * x),
      values: gaussian(rows, 4).map(x => 0.5 * x),
      advantages: gaussian(rows, 5),
      returns: gaussian(rows, 6),
      distributions: gaussian(rows * distributionSize(network), 7).map(x => 0.3 * x),
    },
    minibatch: {
      indices: Int32Array.from({ length: rows }, (_, i) => i - (i % rowsPerShard) + ((i * 7) % rowsPerShard)),
      ...{ numShards, rowsPerShard, advantageMean: 0.1, advantageDivisor: 1.3 },
      ...{ clipCoef: 0.2, valueClip: 0.4, valueClipMode: 'max', huberDelta: Infinity },
      ...{ vfCoef: 0.5, entCoef: 0.01, klCoef: 0 },
    },
  }
}

/** One grid for all tensors, [tensors]. */
export function uniformGrid(layout: Layout, grid: number): Float64Array {
  return new Float64Array(layout.tensors.length).fill(grid)
}

/** What gradients() wrote, taken apart. */
export interface Sums {
  gradient: Float64Array // [P]
  statistics: Float64Array // [numShards, STATISTICS]
  largest: Float64Array // [numShards, tensors]
}

export async function sumsOf(engine: Engine, minibatch: Minibatch, grid: Float64Array): Promise<Sums> {
  const { layout } = engine
  const slot = slotLength(layout)
  const gradient = new Float64Array(layout.size)
  const slots = new Float64Array(minibatch.numShards * slot)
  await engine.gradients(minibatch, grid, { gradient, slots })
  return {
    gradient,
    statistics: slots.filter((_, i) => i % slot < STATISTICS),
    largest: slots.filter((_, i) => i % slot >= STATISTICS),
  }
}

/**
 * Gradients on grids 2^8 finer than training's: those keep 41 bits of the largest entry, an error of 4.5e-13 that
 * a comparison to 1e-12 would see.
 */
export async function fineGradients(engine: Engine, minibatch: Minibatch): Promise<Sums> {
  const tensors = engine.layout.tensors.length
  const { largest } = await sumsOf(engine, minibatch, uniformGrid(engine.layout, 2 ** -140))
  const grid = new Float64Array(tensors)
  largest.forEach((magnitude, i) => {
    grid[i % tensors] = Math.max(grid[i % tensors], gridOf(magnitude) / 256)
  })
  return sumsOf(engine, minibatch, grid)
}
