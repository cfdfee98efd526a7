import type { Layout } from './layout.ts'

/**
 * What computes: forward passes, sampling, losses and their gradients. The algorithm sees this file only;
 * every engine passes the same conformance suite (test/engine/conformance.ts).
 *
 * Arrays that a method returns belong to the engine and are valid until its next call.
 * A row's results do not depend on how many rows are computed with it.
 */
export interface Engine {
  readonly name: string
  /** True if equal inputs give equal bits for any division of rows over ranks (ARCHITECTURE decision 5). */
  readonly exact: boolean
  readonly layout: Layout

  /** Takes a copy of the flat parameter vector, [P]. */
  setParameters(parameters: Float32Array): void

  /** Acts for the first `n` rows of `observations` [n, obs]: sampled, or the mode where `streams` is null. */
  act(observations: Float32Array, n: number, streams: ActionStreams | null): Acted | Promise<Acted>

  /** State values of the first `n` rows, [n]. */
  values(observations: Float32Array, n: number): Float32Array | Promise<Float32Array>

  /**
   * Gradients of the loss (see Minibatch) summed over each shard's rows, rounded to `grid` [tensors]
   * (powers of two, one per tensor of the layout), then added over this rank's shards.
   */
  gradients(minibatch: Minibatch, grid: Float64Array): ShardSums | Promise<ShardSums>
}

/** The random numbers of one act() call: functions of (seed, global environment id, step), never of the rank. */
export interface ActionStreams {
  seed: number
  /** Global id of the environment in row 0. */
  firstEnv: number
  /** Steps since the start of training: the counter of the streams. */
  step: number
}

export interface Acted {
  actions: Int32Array // [n]
  logProbs: Float32Array // [n]
  values: Float32Array // [n]
}

/**
 * Rows of this rank's rollout, and the loss to differentiate:
 *
 *   A     = (advantage - advantageMean) / advantageDivisor
 *   ratio = exp(logProb_new - logProb_old)
 *   loss  = sum over rows of  -min(ratio A, clip(ratio, 1 - clipCoef, 1 + clipCoef) A)
 *           + vfCoef * 1/2 (V - return)^2  - entCoef * entropy
 *
 * With `valueClip` the value term is the larger of the plain one and that of the old value
 * moved by at most valueClip (CleanRL's clip_vloss).
 */
export interface Minibatch {
  observations: Float32Array // [rows, obs]
  actions: Int32Array // [rows]
  logProbs: Float32Array // [rows]
  values: Float32Array // [rows]
  advantages: Float32Array // [rows]
  returns: Float32Array // [rows]
  /** Rows of the minibatch, shard after shard, [numShards, rowsPerShard]. */
  indices: Int32Array
  numShards: number
  rowsPerShard: number
  advantageMean: number
  advantageDivisor: number
  clipCoef: number
  valueClip: number | null
  vfCoef: number
  entCoef: number
}

export interface ShardSums {
  /** Sum over this rank's shards of the rounded shard sums, [P]. */
  gradient: Float64Array
  /** Per shard, sums in the order of base/statistics.ts, [numShards, STATISTICS]. */
  statistics: Float64Array
  /** Per shard, the largest magnitude of each tensor's sum before rounding; NaN or Infinity if one entry is, [numShards, tensors]. */
  largest: Float64Array
}
