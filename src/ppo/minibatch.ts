import { momentsOf, standardDeviation } from '../base/math/moments.ts'
import type { Part } from '../base/math/parts.ts'
import { shuffle } from '../base/math/shuffle.ts'
import { Purpose } from '../base/math/streams.ts'
import type { Loss, Minibatch } from '../engine/engine.ts'
import type { TrainConfig } from './config.ts'
import { rowOfShard } from './rollout.ts'
import type { Shared } from './share.ts'
import type { Sizes } from './sizes.ts'
import type { Coefficients } from './state.ts'
import { count, type Strategy } from './strategy.ts'

/** Spread of advantages below which they are not blown up (CleanRL, Stable-Baselines3). */
const EPSILON = 1e-8

/** Error from which the Huber loss is linear. */
const HUBER_DELTA = 1

/**
 * Cuts a rollout into minibatches. Each takes the same number of rows of every shard, in the order of that shard's own
 * permutation; so a minibatch is the same whichever rank computes which part of it. None for a rank that does not learn.
 */
export class Minibatches {
  readonly #config: TrainConfig
  readonly #sizes: Sizes
  /** This rank's shards. */
  readonly #learns: Part | null
  /** Every shard's rows in the order of the pass, [numShards, rowsPerShard]. */
  readonly #order: Int32Array
  /** The row of this rank's rollout for each row of its shards, [shards, rowsPerShard]. */
  readonly #rowOf: Int32Array
  /** Rows of a minibatch: of all shards, counted through them; and of this rank's rollout. */
  readonly #everywhere: Int32Array
  readonly #here: Int32Array
  /** The one that is handed out, again and again: to make it anew takes longer than to choose its rows. */
  readonly #minibatch: Minibatch

  constructor(config: TrainConfig, sizes: Sizes, { learns }: Strategy) {
    const { numShards, envsPerShard, rowsPerShard, minibatchRowsPerShard: rows } = sizes
    const shards = learns ? count(learns) : 0
    const rollout = { numEnvs: shards * envsPerShard }
    this.#config = config
    this.#sizes = sizes
    this.#learns = learns
    this.#order = new Int32Array(numShards * rowsPerShard)
    this.#rowOf = Int32Array.from({ length: shards * rowsPerShard }, (_, i) =>
      rowOfShard(rollout, sizes, Math.floor(i / rowsPerShard), i % rowsPerShard),
    )
    this.#everywhere = new Int32Array(numShards * rows)
    this.#here = new Int32Array(shards * rows)
    this.#minibatch = {
      ...{ indices: this.#here, numShards: shards, rowsPerShard: rows, ...UNCHANGED },
      ...{ clipCoef: 0, valueClip: 0, huberDelta: 0, valueClipMode: config.valueClipMode },
      ...{ vfCoef: 0, entCoef: 0, klCoef: 0 },
    }
  }

  /** Those of one pass; each is valid until the next. @param pass the counter of the shuffles */
  *of(pass: number, shared: Shared, now: Coefficients): Generator<Minibatch> {
    if (!this.#learns) return
    const minibatch = this.#minibatch
    const { numShards, numMinibatches } = this.#sizes
    shuffle(this.#order, numShards, this.#config.seed, Purpose.shuffle, pass)
    setLoss(minibatch, this.#config, now)
    const ofAll = normalisationOfAll(this.#config, shared)
    for (let k = 0; k < numMinibatches; k++) {
      this.#pick(k, this.#learns)
      const { advantageMean, advantageDivisor } = ofAll ?? normalisation(shared, this.#everywhere)
      minibatch.advantageMean = advantageMean
      minibatch.advantageDivisor = advantageDivisor
      yield minibatch
    }
  }

  /** Which row of its shard, in the order of steps, then environments, the i-th of the minibatch at hand is. */
  rowOf(shard: number, i: number): number {
    const { rowsPerShard, minibatchRowsPerShard } = this.#sizes
    return this.#everywhere[shard * minibatchRowsPerShard + i] - shard * rowsPerShard
  }

  /** The rows of minibatch `k`, shard after shard. */
  #pick(k: number, { first: firstShard, last: lastShard }: Part): void {
    const { numShards, rowsPerShard, minibatchRowsPerShard: rows } = this.#sizes
    let [all, own] = [0, 0]
    for (let shard = 0; shard < numShards; shard++) {
      const isOwn = shard >= firstShard && shard < lastShard
      const first = shard * rowsPerShard
      for (let i = first + k * rows; i < first + (k + 1) * rows; i++) {
        const row = this.#order[i]
        this.#everywhere[all++] = first + row
        if (isOwn) this.#here[own++] = this.#rowOf[(shard - firstShard) * rowsPerShard + row]
      }
    }
  }
}

function setLoss(loss: Loss, { valueClip, valueLoss, vfCoef }: TrainConfig, now: Coefficients): void {
  loss.clipCoef = now.clipCoef ?? Number.POSITIVE_INFINITY
  loss.valueClip = valueClip ?? Number.POSITIVE_INFINITY
  loss.huberDelta = valueLoss === 'huber' ? HUBER_DELTA : Number.POSITIVE_INFINITY
  loss.vfCoef = vfCoef
  loss.entCoef = now.entCoef
  loss.klCoef = now.klCoef
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
