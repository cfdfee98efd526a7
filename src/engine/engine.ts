import type { Layout } from './layout.ts'

/**
 * What computes: forward passes, sampling, losses and their gradients. The algorithm sees this file only;
 * every engine passes the same conformance suite (test/engine/conformance.ts).
 *
 * Arrays that a method returns belong to the engine and are valid until its next call.
 * A row's results do not depend on how many rows are computed with it; an engine that is not exact may round otherwise.
 */
export interface Engine {
  readonly name: string
  /** True if equal inputs give equal bits for any division of rows over ranks (ARCHITECTURE decision 5). */
  readonly exact: boolean
  /** What it runs on, for people. */
  readonly device: string
  readonly layout: Layout

  /** Takes a copy of the flat parameter vector, [P]. */
  setParameters(parameters: Float32Array): void

  /** How act() and values() turn observations into what the networks see; null: as they are. Takes a copy. */
  setNormalizer(normalizer: Normalizer | null): void

  /** Acts for the first `n` rows of `observations` [n, obs]: sampled, or the mode where `streams` is null. */
  act(observations: Float32Array, n: number, streams: ActionStreams | null): Acted | Promise<Acted>

  /** State values of the first `n` rows, [n]. */
  values(observations: Float32Array, n: number): Float32Array | Promise<Float32Array>

  /** Takes a copy of the rows that minibatches pick from. */
  setRows(rows: Rows): void

  /**
   * Gradients of the loss (see Loss) summed over each shard's rows, rounded to `grid` [tensors]
   * (powers of two, one per tensor of the layout), then added over this rank's shards: written to `sums`. An engine
   * that is not exact rounds nothing, and may give each shard the magnitudes of all.
   */
  gradients(minibatch: Minibatch, grid: Float64Array, sums: ShardSums): void | Promise<void>
}

/** The networks see clip((x - mean) * scale, -clip, clip), per component. */
export interface Normalizer {
  mean: Float64Array // [obs]
  /** 1 / sqrt(variance + 1e-8). */
  scale: Float64Array // [obs]
  clip: number
}

/** The random numbers of one act() call: functions of (seed, global environment id, step), never of the rank. */
export interface ActionStreams {
  seed: number
  /** Global id of the environment in row 0. */
  firstEnv: number
  /** Steps since the start of training: the counter of the streams. */
  step: number
}

/** Whole numbers [n] of a categorical policy; vectors [n, numActions] of a Gaussian one, of any size. */
export type Actions = Int32Array | Float32Array

export interface Acted {
  /** What the networks saw: normalised, where there is a normaliser, [n, obs]. */
  observations: Float32Array
  actions: Actions
  logProbs: Float32Array // [n]
  values: Float32Array // [n]
  /** What the actions were drawn from, [n, distributionSize(network)]: logits; or means, then log_stds. */
  distributions: Float32Array
  /** The first row whose observation, log-probability or value is NaN or infinite; -1: none. */
  nonFiniteRow: number
}

/** This rank's rollout, as act() and GAE left it. */
export interface Rows {
  /** What the networks saw. */
  observations: Float32Array // [rows, obs]
  actions: Actions // [rows] or [rows, numActions]
  logProbs: Float32Array // [rows]
  values: Float32Array // [rows]
  advantages: Float32Array // [rows]
  returns: Float32Array // [rows]
  /** Of the policy that acted, [rows, distributionSize(network)]; null: nobody asks for KL(old || new). */
  distributions: Float32Array | null
}

/** Which rows to learn from, and how. */
export interface Minibatch extends Loss {
  /** Rows of the minibatch, shard after shard, [numShards, rowsPerShard]. */
  indices: Int32Array
  numShards: number
  rowsPerShard: number
  advantageMean: number
  advantageDivisor: number
}

/**
 *   A     = (advantage - advantageMean) / advantageDivisor
 *   ratio = exp(logProb_new - logProb_old)
 *   loss  = sum over rows of  -min(ratio A, clip(ratio, 1 - clipCoef, 1 + clipCoef) A)
 *           + vfCoef * l(V - return)  - entCoef * entropy  + klCoef * KL(old || new)
 *
 * l(e) = 1/2 e^2, linear from huberDelta on: delta (|e| - 1/2 delta). With `valueClip` there is a second error,
 * that of the old value moved by at most valueClip. Where the move is longer, 'max' takes the larger loss of the
 * two (CleanRL's clip_vloss), 'replace' always that of the moved value (Stable-Baselines3's clip_range_vf).
 */
export interface Loss {
  /** Infinity: off, as in the two below. */
  clipCoef: number
  valueClip: number
  huberDelta: number
  valueClipMode: 'max' | 'replace'
  vfCoef: number
  entCoef: number
  /** Not 0 only if the rows have `distributions`. */
  klCoef: number
}

/** The caller's own arrays, written by gradients(): they may be what the ranks reduce. */
export interface ShardSums {
  /** Sum over this rank's shards of the rounded shard sums, [P]. */
  gradient: Float64Array
  /**
   * Per shard, [numShards, STATISTICS + tensors]: sums in the order of base/statistics.ts, then the largest
   * magnitude of each tensor's sum before rounding; NaN or Infinity if one entry is.
   */
  slots: Float64Array
}
