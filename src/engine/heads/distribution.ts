import type { ActionStreams, Actions } from '../engine.ts'

/**
 * The policy of up to BLOCK_ROWS rows at a time: a distribution over actions whose parameters are an actor's
 * outputs. `r` counts rows of the block; `row` rows of the arrays that an argument comes with.
 */
export interface Distribution {
  /** Takes the outputs of the block's first `rows` rows as they are now. */
  prepare(rows: number): void
  /** Writes what the row's distribution is given by, as in Acted.distributions. */
  describe(r: number, distributions: Float32Array, row: number): void
  /** Writes the row's most probable action. */
  mode(r: number, actions: Actions, row: number): void
  /** Writes an action drawn for environment streams.firstEnv + row. */
  sample(r: number, actions: Actions, row: number, streams: ActionStreams): void
  logProb(r: number, actions: Actions, row: number): number
  /** In nats. */
  entropy(r: number): number
  /** KL(old || this), where describe() once wrote the old one. */
  klFrom(r: number, distributions: Float32Array, row: number): number
  /** Writes d loss / d outputs of the row, and adds to the gradients of parameters that are nobody's output. */
  backward(r: number, row: number, slopes: Slopes): void
}

/** What a row's loss depends on, and how. */
export interface Slopes {
  actions: Actions
  /** Null: byKl is 0. */
  distributions: Float32Array | null
  byLogProb: number
  byEntropy: number
  byKl: number
}
