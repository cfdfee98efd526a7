import { createHash } from 'node:crypto'
import type { Optimizer } from '../engine/optimizer.ts'
import type { Episode } from './rollout.ts'

/** Episodes behind `meanReturn100`. */
const WINDOW = 100

/** What training has come to: everything that changes from update to update and is the same on all ranks. */
export interface TrainState {
  /** Updates that are complete. */
  update: number
  /** The flat vector, [P]. */
  parameters: Float32Array
  optimizer: Optimizer
  /** Episodes that have ended since the start. */
  episodes: number
  /** Returns of the last 100 of them. */
  recentReturns: number[]
}

export function initialState(parameters: Float32Array, optimizer: Optimizer): TrainState {
  return { update: 0, parameters, optimizer, episodes: 0, recentReturns: [] }
}

export function countEpisodes(state: TrainState, episodes: readonly Episode[]): void {
  state.episodes += episodes.length
  state.recentReturns.push(...episodes.map(episode => episode.return))
  state.recentReturns.splice(0, Math.max(0, state.recentReturns.length - WINDOW))
}

/** Mean of the given numbers; null of none. */
export function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length
}

/** Hex of 128 bits of SHA-256 over the little-endian float32 parameters: equal only if every bit is. */
export function hashParameters(parameters: Float32Array): string {
  const bytes = new Uint8Array(parameters.buffer, parameters.byteOffset, parameters.byteLength)
  return createHash('sha256').update(bytes).digest('hex').slice(0, 32)
}
