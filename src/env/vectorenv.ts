/**
 * Environments in batches, on typed arrays: row i is one environment. Same-step autoreset: a step that ends
 * an episode leaves the new episode's observation in `observations` and the old one's in `finalObservations`,
 * so every row of every step is a transition.
 */
export interface VectorEnv {
  readonly numEnvs: number
  readonly observationSpace: BoxSpace
  readonly actionSpace: DiscreteSpace
  readonly observations: Float32Array // [N, obs]
  readonly rewards: Float64Array // [N]
  readonly terminated: Uint8Array // [N]
  readonly truncated: Uint8Array // [N]
  /** Last observation of the episodes that this step ended; other rows are stale, [N, obs]. */
  readonly finalObservations: Float32Array
  reset(): void | Promise<void>
  /** `actions` [N]. */
  step(actions: Int32Array): void | Promise<void>
  /** State of all rows as bytes, and back; equal bytes continue with equal bits. */
  save?(): Uint8Array
  load?(state: Uint8Array): void
}

/** Where the random numbers of a batch of environments come from (base/math/streams.ts). */
export interface EnvStreams {
  seed: number
  /** A Purpose: training and evaluation start from different states. */
  purpose: number
  /** Global id of the environment in row 0. */
  firstEnv: number
}

/** Vectors of real numbers with bounds per component (Infinity where open). */
export interface BoxSpace {
  type: 'box'
  shape: readonly number[]
  low: Float32Array
  high: Float32Array
}

/** Whole numbers 0 .. n-1. */
export interface DiscreteSpace {
  type: 'discrete'
  n: number
}
