import type { Reduction } from '../base/contract.ts'
import type { Eventually } from '../base/eventually.ts'
import type { Part } from '../base/math/parts.ts'
import type { Communicator } from '../collective/communicator.ts'
import type { Metrics } from '../log/logger.ts'
import type { collect } from './collect.ts'
import type { Rollout } from './rollout.ts'
import type { TrainState } from './state.ts'

/**
 * What differs between ways of training on N ranks: who samples which shards, who learns from them, and what is
 * exchanged. The loop in ppo.ts knows this interface and nothing of ranks; src/parallel/ has one file for each way.
 * Every rank calls the same methods in the same order, but for sum(), which only those who learn call.
 */
export interface Strategy {
  readonly name: string
  /** Shards of the whole job. */
  readonly numShards: number
  /** Those whose environments this rank steps. */
  readonly samples: Part
  /** Those from whose rows it learns; null: it has no part in learning. */
  readonly learns: Part | null
  /** Who samples a shard. */
  rankOf(shard: number): number
  /** What this rank samples stays with it: commits hold no environments. */
  readonly isPrivate?: true
  /** Before the first update of this start. */
  prepare?(state: TrainState): Eventually<void>
  /** Fills the rollout, where that is not done by stepping this rank's environments. */
  collect?: typeof collect
  /** Credits its actions, where that is not GAE's. */
  credit?(rollout: Rollout, gamma: number, gaeLambda: number): Eventually<void>
  /** Whether any rank asks to stop after this update, where share() does not reach all. */
  stops?(asks: boolean): Promise<boolean>
  /** Once per update: the blocks of all ranks, those of their shards in order. */
  share(block: Float64Array): Promise<Float64Array[]>
  /** Before learning: takes the rows that this rank has sampled, gives those that it learns from. */
  deliver(rollout: Rollout): Eventually<Rollout>
  /**
   * Numbers for sum() to add up: float64, or float32 on a wire that rounds. Where ranks share memory they lie in it,
   * and nothing is copied. Ask for them once.
   */
  buffer(length: number, reduction: Reduction): Message
  /** Once per minibatch: adds up `message` over all who learn, in place; partial sums of float64 are exact. */
  sum(message: Message, layoutHash: number): Eventually<void>
  /**
   * After learning: all ranks come to hold what the next update begins with.
   * @param totals of what the minibatches were like (Meter): the same on all ranks afterwards
   */
  agree(state: TrainState, totals: Float64Array): Eventually<void>
  /** Before the first update: leaves of a whole state what this rank is to hold, in place. */
  take(state: TrainState): void
  /** For a commit: gives a whole one on every rank, vectors aside where there are blocks(). */
  complete(state: TrainState): Eventually<TrainState>
  /**
   * Where no rank holds all of a vector: that vector, of which this one has `piece`, block by block, in its order. All ranks
   * have to take all blocks.
   */
  blocks?(piece: Float32Array): AsyncIterable<Float32Array>
  /** Largest of every element over all ranks that should hold the same parameters now, in place. */
  max(values: Float64Array): Promise<void>
  /** Ranks that can play each by itself, where those are not all: one of every team. */
  readonly peers?: Communicator
  /** Milliseconds spent waiting for other ranks so far. */
  waited(): number
  /** What has passed through this rank so far. */
  traffic(): Traffic
  /** More about the update that has ended, for metrics.jsonl; of equal names these count. */
  figures?(): Metrics
}

/** What sum() adds up. */
export type Message = Float64Array | Float32Array

/** By what it is (`gradients`, `weights`): bytes in and out, and milliseconds where they are measured apart. */
export type Traffic = Record<string, { bytes: number; milliseconds?: number }>

/** Environments of some shards. */
export function environmentsOf({ first, last }: Part, envsPerShard: number): Part {
  return { first: first * envsPerShard, last: last * envsPerShard }
}

export const count = ({ first, last }: Part): number => last - first
