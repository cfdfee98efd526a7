import { momentsOf, standardDeviation } from '../base/math/moments.ts'
import { Purpose, permutation } from '../base/math/streams.ts'
import type { Loss, Minibatch } from '../engine/engine.ts'
import type { TrainConfig } from './config.ts'
import { type Rollout, rowOfShard } from './rollout.ts'
import type { Shared } from './share.ts'
import type { Sizes } from './sizes.ts'
import type { Coefficients } from './state.ts'
import type { Strategy } from './strategy.ts'

/** Spread of advantages below which they are not blown up (CleanRL, Stable-Baselines3). */
const EPSILON = 1e-8

/** Error from which the Huber loss is linear. */
const HUBER_DELTA = 1

/**
 * The minibatches of a pass. Each takes the same number of rows of every shard, in the order of that shard's own
 * permutation; so a minibatch is the same whichever rank computes which part of it.
 */
export function* minibatches(
  rollout: Rollout,
  shared: Shared,
  sizes: Sizes,
  strategy: Strategy,
  config: TrainConfig,
  now: Coefficients,
  pass: number,
): Generator<Minibatch> {
  const { numShards, rowsPerShard, minibatchRowsPerShard: rows, numMinibatches } = sizes
  const { firstShard, lastShard } = strategy
  const order = shuffled(sizes, config.seed, pass)
  const everywhere = new Int32Array(numShards * rows)
  const here = new Int32Array((lastShard - firstShard) * rows)
  const ofAll = normalisationOfAll(config, shared)
  const loss = lossOf(config, now)
  for (let k = 0; k < numMinibatches; k++) {
    pick(everywhere, order, sizes, 0, k, (shard, j) => shard * rowsPerShard + j)
    pick(here, order, sizes, firstShard, k, (shard, j) => rowOfShard(rollout, sizes, shard - firstShard, j))
    const { advantageMean, advantageDivisor } = ofAll ?? normalisation(shared, everywhere)
    yield {
      ...loss,
      indices: here,
      numShards: lastShard - firstShard,
      rowsPerShard: rows,
      advantageMean,
      advantageDivisor,
    }
  }
}

/** Every shard's own order of its rows, [numShards, rowsPerShard]. */
function shuffled({ numShards, rowsPerShard }: Sizes, seed: number, pass: number): Int32Array {
  const order = new Int32Array(numShards * rowsPerShard)
  for (let shard = 0; shard < numShards; shard++) {
    const own = order.subarray(shard * rowsPerShard, (shard + 1) * rowsPerShard)
    permutation(own, seed, Purpose.shuffle, shard, pass)
  }
  return order
}

/** Rows of minibatch `k` of the shards from `first` on, as many as `out` has room for. */
function pick(
  out: Int32Array,
  order: Int32Array,
  { rowsPerShard, minibatchRowsPerShard: rows }: Sizes,
  first: number,
  k: number,
  rowOf: (shard: number, j: number) => number,
): void {
  for (let at = 0, shard = first; at < out.length; shard++)
    for (let i = 0; i < rows; i++) out[at++] = rowOf(shard, order[shard * rowsPerShard + k * rows + i])
}

function lossOf({ valueClip, valueClipMode, valueLoss, vfCoef }: TrainConfig, now: Coefficients): Loss {
  return {
    clipCoef: now.clipCoef ?? Number.POSITIVE_INFINITY,
    valueClip: valueClip ?? Number.POSITIVE_INFINITY,
    valueClipMode,
    huberDelta: valueLoss === 'huber' ? HUBER_DELTA : Number.POSITIVE_INFINITY,
    vfCoef,
    entCoef: now.entCoef,
    klCoef: now.klCoef,
  }
}

type Normalisation = Pick<Minibatch, 'advantageMean' | 'advantageDivisor'>

const UNCHANGED: Normalisation = { advantageMean: 0, advantageDivisor: 1 }

/** What holds for every minibatch of the pass; null: each has its own. */
function normalisationOfAll({ normalizeAdvantages }: TrainConfig, shared: Shared): Normalisation | null {
  if (normalizeAdvantages === 'minibatch') return null
  if (normalizeAdvantages === 'none') return UNCHANGED
  return normalisation(shared, null)
}

/** Mean and divisor over these rows, or all, on all ranks from the same numbers. */
function normalisation({ advantages }: Shared, rows: Int32Array | null): Normalisation {
  const moments = momentsOf(advantages, rows)
  if (moments.count < 2) return UNCHANGED // one row has no spread to divide by
  return { advantageMean: moments.mean, advantageDivisor: standardDeviation(moments) + EPSILON }
}
