import { createHash } from 'node:crypto'
import { GRID_FLOOR } from '../base/math/exact.ts'
import { mergeVectors, type VectorMoments, vectorMoments } from '../base/math/moments.ts'
import type { Layout } from '../engine/layout.ts'
import type { AdamState } from '../engine/optimizer.ts'
import type { TrainConfig } from './config.ts'
import { adapt, klLearningRate, paperKlCoefficient, scheduled } from './schedules.ts'
import type { Shared } from './share.ts'

/** Episodes behind `meanReturn100`. */
const WINDOW = 100

/** What `--lr-schedule kl` keeps where no target is given (rl_games, Isaac's trainers). */
const DEFAULT_KL_TARGET = 0.01

/**
 * What training has come to: everything that changes from update to update and is the same on all ranks. Plain
 * data: with the environments' own state it is all that the next update depends on.
 */
export interface TrainState {
  /** Updates that are complete. */
  update: number
  /** Steps that every environment has made, those of the warm-up too. */
  step: number
  /** The flat vector, [P]. */
  parameters: Float32Array
  adam: AdamState
  /** Grids of the exact sums, one power of two per tensor. */
  grid: Float64Array
  /** What follows the KL, where it is asked for. */
  learningRate: number
  klCoef: number
  /** Of all observations before normalisation, and of all discounted returns. */
  observationMoments: VectorMoments
  rewardMoments: VectorMoments
  /** Episodes that have ended since the start. */
  episodes: number
  /** Returns of the last 100 of them. */
  recentReturns: number[]
  /** What each rank holds of its own, where they differ (`--parallelism local`). */
  ranks: Float64Array[] | null
  /** Of a population, in a commit: what every member has come to. */
  members?: Member[]
}

/** A member of a population, and what it trains with that is its own. */
export interface Member {
  state: TrainState
  settings: Partial<TrainConfig>
}

/** The vectors [P] of a state, by the names that they have on disk. */
export type Vectors = Record<'parameters' | 'first_moment' | 'second_moment', Float32Array>

export function vectorsOf({ parameters, adam }: TrainState): Vectors {
  return { parameters, first_moment: adam.firstMoment, second_moment: adam.secondMoment }
}

/** The state with those vectors. */
export function withVectors(state: TrainState, vectors: Vectors): TrainState {
  const { parameters, first_moment: firstMoment, second_moment: secondMoment } = vectors
  return { ...state, parameters, adam: { ...state.adam, firstMoment, secondMoment } }
}

export function initialState(config: TrainConfig, layout: Layout, parameters: Float32Array): TrainState {
  const adam = {
    firstMoment: new Float32Array(layout.size),
    secondMoment: new Float32Array(layout.size),
    beta1Power: 1,
    beta2Power: 1,
  }
  return {
    update: 0,
    step: 0,
    parameters,
    adam,
    grid: new Float64Array(layout.tensors.length).fill(GRID_FLOOR),
    learningRate: config.learningRate,
    klCoef: config.klCoef || (adaptsPenalty(config) ? 1 : 0),
    observationMoments: vectorMoments(layout.network.observationSize),
    rewardMoments: vectorMoments(1),
    episodes: 0,
    recentReturns: [],
    ranks: null,
  }
}

/** With --lr-schedule kl the target is the learning rate's, unless a penalty is asked for as well. */
const adaptsPenalty = ({ klTarget, klCoef, lrSchedule }: TrainConfig): boolean =>
  klTarget !== null && (klCoef > 0 || lrSchedule !== 'kl')

/** What the next update learns with. */
export interface Coefficients {
  learningRate: number
  clipCoef: number | null
  entCoef: number
  klCoef: number
}

export function coefficients(config: TrainConfig, state: TrainState, numUpdates: number): Coefficients {
  const { lrSchedule, clipCoef, clipSchedule, entCoef, entSchedule } = config
  const { update, learningRate, klCoef } = state
  const follow = (kind: 'linear' | 'constant', initial: number) =>
    scheduled(kind, initial, update, numUpdates)
  return {
    learningRate: lrSchedule === 'kl' ? learningRate : follow(lrSchedule, config.learningRate),
    clipCoef: clipCoef === null ? null : follow(clipSchedule, clipCoef),
    entCoef: follow(entSchedule, entCoef),
    klCoef,
  }
}

/** After an update: what its last pass has shown, reduced, decides what follows the KL. */
export function adaptToKl(config: TrainConfig, state: TrainState, kl: number): void {
  const { klTarget, lrSchedule } = config
  if (klTarget !== null && adaptsPenalty(config))
    state.klCoef = adapt(state.klCoef, kl, klTarget, paperKlCoefficient)
  if (lrSchedule === 'kl')
    state.learningRate = adapt(state.learningRate, kl, klTarget ?? DEFAULT_KL_TARGET, klLearningRate)
}

/** Takes in what a rollout has brought; its moments hold from the next rollout on. */
export function absorb(state: TrainState, { episodes, observationMoments, rewardMoments }: Shared): void {
  state.episodes += episodes.length
  state.recentReturns.push(...episodes.map(episode => episode.return))
  state.recentReturns.splice(0, Math.max(0, state.recentReturns.length - WINDOW))
  mergeVectors(state.observationMoments, observationMoments)
  mergeVectors(state.rewardMoments, rewardMoments)
}

/** Mean of the given numbers; null of none. */
export function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length
}

/** Hex of 128 bits of SHA-256 over the little-endian float32 parameters: equal only if every bit is. */
export function hashParameters(parameters: Float32Array): string {
  const hash = new ParametersHash()
  hash.add(parameters)
  return hash.digest()
}

/** The same of parameters that come in blocks. */
export class ParametersHash {
  readonly #hash = createHash('sha256')

  add(block: Float32Array): void {
    this.#hash.update(new Uint8Array(block.buffer, block.byteOffset, block.byteLength))
  }

  digest(): string {
    return this.#hash.digest('hex').slice(0, 32)
  }
}
