import type { ActionSpace, Actions, BoxSpace } from './spaces.ts'

/**
 * Environments in batches, on typed arrays: row i is one environment. Same-step autoreset: a step that ends
 * an episode leaves the new episode's observation in `observations` and the old one's in `finalObservations`,
 * so every row of every step is a transition.
 */
export interface VectorEnv {
  readonly numEnvs: number
  readonly observationSpace: BoxSpace
  readonly actionSpace: ActionSpace
  readonly observations: Float32Array // [N, obs]
  readonly rewards: Float64Array // [N]
  readonly terminated: Uint8Array // [N]
  readonly truncated: Uint8Array // [N]
  /** Last observation of the episodes that this step ended; other rows are stale, [N, obs]. */
  readonly finalObservations: Float32Array
  reset(): void | Promise<void>
  /**
   * `actions`: Int32Array [N] inside a discrete space, not checked; or Float32Array [N, A], of which each row gets a
   * copy that is clipped to the box: a Gaussian policy samples outside, and learns from what it sampled.
   */
  step(actions: Actions): void | Promise<void>
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
