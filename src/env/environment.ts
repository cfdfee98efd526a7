import type { ActionSpace, BoxSpace } from './spaces.ts'

/**
 * One environment of Gymnasium's shape: what `registerEnv` takes and wrappers wrap. All randomness has to come from
 * the seed of `reset`: then a run has the same bits at any number of ranks.
 */
export interface Environment {
  readonly observationSpace: BoxSpace
  readonly actionSpace: ActionSpace
  /** Begins an episode; training gives a seed of its own to each. */
  reset(options?: { seed?: number }): ResetResult
  /** A whole number (Discrete), or an array of numbers (Box), which training has clipped to the bounds. */
  step(action: number | ArrayLike<number>): StepResult
  /** All that the next steps depend on, as bytes, always equally many; and back. Without them no run resumes bit for bit. */
  save?(): Uint8Array
  load?(state: Uint8Array): void
}

export interface ResetResult {
  /** [obs], in the order of the space. */
  observation: ArrayLike<number>
  info: Record<string, unknown>
}

export interface StepResult extends ResetResult {
  reward: number
  /** The episode reached an end of its own. */
  terminated: boolean
  /** It was cut short, as by a time limit; both may be true. */
  truncated: boolean
}
