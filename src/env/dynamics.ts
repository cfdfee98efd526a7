import type { ActionSpace, Actions, BoxSpace } from './spaces.ts'

/**
 * What one kind of environment is: its spaces, and how its state starts, moves and is seen. No memory of its
 * own: the rows of `state` [N, stateSize] are all there is, so one object serves every batch. Time limits and
 * resets belong to the callers (batch.ts, single.ts), who take at most BLOCK rows at once (base/math/angles.ts), so
 * scratch arrays have that size. Row numbers count from 0; nothing is allocated.
 */
export interface Dynamics {
  readonly id: string
  readonly observationSpace: BoxSpace
  readonly actionSpace: ActionSpace
  /** Numbers in a row of state, in the order of Gymnasium's own. */
  readonly stateSize: number
  /** Steps after which an episode is truncated. */
  readonly maxEpisodeSteps: number
  /** Mean return at which Gymnasium calls it solved; null where it does not. */
  readonly rewardThreshold: number | null
  /** Reward of a terminal step when the episode had terminated before; absent where a step knows no difference. */
  readonly rewardBeyondEnd?: number

  /** Random numbers that a start takes. */
  readonly numDraws: number

  /** Writes a start state, from numDraws numbers in [0, 1) in Gymnasium's order. */
  start(draws: Float64Array, state: Float64Array, row: number): void
  /** Writes the observations [N, obs] of rows first .. last-1. */
  observe(state: Float64Array, first: number, last: number, observations: Float32Array): void
  /**
   * Steps rows first .. last-1 in place, also terminal ones. `actions` [N] are inside a discrete space; of a box,
   * [N, A], they may lie outside, for one who steps by hand: then it does as Gymnasium.
   */
  advance(
    state: Float64Array,
    first: number,
    last: number,
    actions: Actions,
    rewards: Float64Array,
    terminated: Uint8Array,
  ): void
}
