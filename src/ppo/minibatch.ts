import { momentsOf, standardDeviation } from '../base/math/moments.ts'
import { Purpose, permutation } from '../base/math/streams.ts'
import type { Loss, Minibatch } from '../engine/engine.ts'
import type { TrainConfig } from './config.ts'
import { type Rollout, rowOfShard } from './rollout.ts'
import type { Shared } from './share.ts'
import type { Sizes } from './sizes.ts'
import type { Strategy } from './strategy.ts'

/** One pass over a rollout: which pass it is, and what its loss clips at. */
export interface Pass {
  /** Passes made since the start of training: the counter of the shuffles. */
  number: number
  clipCoef: number
}

/** Spread of advantages below which they are not blown up (CleanRL, Stable-Baselines3). */
const EPSILON = 1e-8

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
  pass: Pass,
): Generator<Minibatch> {
  const { numShards, rowsPerShard, minibatchRowsPerShard: rows, numMinibatches } = sizes
  const { firstShard, lastShard } = strategy
  const orders = shuffles(numShards, rowsPerShard, config.seed, pass.number)
  const everywhere = new Int32Array(numShards * rows)
  const here = new Int32Array((lastShard - firstShard) * rows)
  const ofAll = normalisationOfAll(config, shared)
  for (let k = 0; k < numMinibatches; k++) {
    for (let shard = 0; shard < numShards; shard++)
      for (let i = 0; i < rows; i++) {
        const j = orders[shard][k * rows + i]
        everywhere[shard * rows + i] = shard * rowsPerShard + j
        if (shard >= firstShard && shard < lastShard)
          here[(shard - firstShard) * rows + i] = rowOfShard(rollout, sizes, shard - firstShard, j)
      }
    const { advantageMean, advantageDivisor } = ofAll ?? normalisation(shared, everywhere)
    const rowsOfRank = { indices: here, numShards: lastShard - firstShard, rowsPerShard: rows }
    yield { ...rowsOfRank, ...lossOf(config, pass), advantageMean, advantageDivisor }
  }
}

function lossOf({ valueClip, vfCoef, entCoef }: TrainConfig, { clipCoef }: Pass): Loss {
  const valueLoss = { valueClip: valueClip ?? Infinity, valueClipMode: 'max', huberDelta: Infinity } as const
  return { clipCoef, ...valueLoss, vfCoef, entCoef, klCoef: 0 }
}

/** Every shard's own order of its rows, [numShards][rowsPerShard]. */
function shuffles(numShards: number, rowsPerShard: number, seed: number, pass: number): Int32Array[] {
  return Array.from({ length: numShards }, (_, shard) => {
    const order = new Int32Array(rowsPerShard)
    permutation(order, seed, Purpose.shuffle, shard, pass)
    return order
  })
}

type Normalisation = Pick<Minibatch, 'advantageMean' | 'advantageDivisor'>

const UNCHANGED: Normalisation = { advantageMean: 0, advantageDivisor: 1 }

/** What holds for every minibatch of the pass; null: each has its own. */
function normalisationOfAll({ normalizeAdvantages }: TrainConfig, shared: Shared): Normalisation | null {
  if (normalizeAdvantages === 'minibatch') return null
  if (normalizeAdvantages === 'none') return UNCHANGED
  return normalisation(shared, Int32Array.from(shared.advantages.keys()))
}

/** Mean and divisor over these rows, on all ranks from the same numbers. */
function normalisation({ advantages }: Shared, rows: Int32Array): Normalisation {
  const moments = momentsOf(advantages, rows)
  if (moments.count < 2) return UNCHANGED // one row has no spread to divide by
  return { advantageMean: moments.mean, advantageDivisor: standardDeviation(moments) + EPSILON }
}
