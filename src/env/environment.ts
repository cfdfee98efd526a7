import type { ActionSpace, BoxSpace, DictSpace } from './spaces.ts'

/**
 * One environment of Gymnasium's shape: what `registerEnv` takes and wrappers wrap. All randomness has to come from
 * the seed of `reset`: then a run has the same bits at any number of ranks.
 */
export interface Environment<Space = BoxSpace, Seen = ArrayLike<number>> {
  readonly observationSpace: Space
  readonly actionSpace: ActionSpace
  /** Begins an episode; training gives a seed of its own to each. */
  reset(options?: { seed?: number }): ResetResult<Seen>
  /** A whole number (Discrete), or an array of numbers (Box), which training has clipped to the bounds. */
  step(action: number | ArrayLike<number>): StepResult<Seen>
  /** All that the next steps depend on, as bytes, always equally many; and back. Without them no run resumes bit for bit. */
  save?(): Uint8Array
  load?(state: Uint8Array): void
}

/** Whose observations have several parts, by key. */
export type DictEnvironment = Environment<DictSpace, Record<string, ArrayLike<number>>>

export type AnyEnvironment = Environment | DictEnvironment

export interface ResetResult<Seen = ArrayLike<number>> {
  /** [obs], in the order of the space; of a Dict, by key. */
  observation: Seen
  info: Record<string, unknown>
}

export interface StepResult<Seen = ArrayLike<number>> extends ResetResult<Seen> {
  reward: number
  /** The episode reached an end of its own. */
  terminated: boolean
  /** It was cut short, as by a time limit; both may be true. */
  truncated: boolean
}
