import { clearVectors, type VectorMoments, vectorMoments } from '../base/math/moments.ts'
import type { Actions, Rows } from '../engine/engine.ts'
import type { Network } from '../engine/layout.ts'
import type { GaeRollout } from './gae.ts'
import type { Sizes } from './sizes.ts'

/** An episode that ended during a rollout. */
export interface Episode {
  /** Step of the rollout that ended it. */
  t: number
  /** Global environment id. */
  env: number
  return: number
  length: number
}

/** What a rollout may hold that is not finite. */
export const flaws = [
  'observation',
  'reward',
  'log-probability or value',
  'value of a final observation',
] as const

/** A number that is not finite, and where it turned up. */
export interface Flaw {
  what: (typeof flaws)[number]
  /** Global environment id. */
  env: number
  /** Step of the rollout. */
  t: number
  value: number
}

/**
 * What this rank's environments did in one update, [T, N] row-major: row t * N + n is step t of the rank's
 * n-th environment. Filled by collect(), completed by computeGae(), read by the engine.
 */
export class Rollout implements GaeRollout, Rows {
  readonly observationSize: number
  readonly numSteps: number // T
  readonly numEnvs: number // N
  /** What the networks saw. */
  readonly observations: Float32Array // [T, N, obs]
  /** Whole numbers [T, N], or vectors [T, N, A]. */
  readonly actions: Actions
  readonly logProbs: Float32Array
  readonly values: Float32Array
  /** What the actions were drawn from, [T, N, distribution]; null where no KL(old, new) is asked for. */
  readonly distributions: Float32Array | null
  /** Normalised, where that is asked for. */
  readonly rewards: Float32Array
  readonly terminated: Uint8Array
  readonly truncated: Uint8Array
  /** V(final observation) of the rows that were truncated. */
  readonly finalValues: Float32Array
  /** V of the observation after the last step, [N]. */
  readonly lastValues: Float32Array
  readonly advantages: Float32Array
  readonly returns: Float32Array
  readonly episodes: Episode[] = []
  /** Of this rollout's observations before normalisation, for each of the rank's shards. */
  readonly observationMoments: VectorMoments[]
  /** Of its discounted returns, likewise. */
  readonly rewardMoments: VectorMoments[]
  /** The first number that is not finite: sampling stopped there. */
  flaw: Flaw | null = null

  /** @param shards of this rank, which divide its environments. */
  constructor(
    numSteps: number,
    numEnvs: number,
    network: Network,
    shards: number,
    keepDistributions: boolean,
  ) {
    const rows = numSteps * numEnvs
    const { observationSize, numActions } = network
    const isDiscrete = network.distribution === 'categorical'
    const distributionSize = isDiscrete ? numActions : 2 * numActions // logits; or means and log_stds
    const ofShards = (size: number) => Array.from({ length: shards }, () => vectorMoments(size))
    this.observationSize = observationSize
    this.numSteps = numSteps
    this.numEnvs = numEnvs
    this.observations = new Float32Array(rows * observationSize)
    this.actions = isDiscrete ? new Int32Array(rows) : new Float32Array(rows * numActions)
    this.logProbs = new Float32Array(rows)
    this.values = new Float32Array(rows)
    this.distributions = keepDistributions ? new Float32Array(rows * distributionSize) : null
    this.rewards = new Float32Array(rows)
    this.terminated = new Uint8Array(rows)
    this.truncated = new Uint8Array(rows)
    this.finalValues = new Float32Array(rows)
    this.lastValues = new Float32Array(numEnvs)
    this.advantages = new Float32Array(rows)
    this.returns = new Float32Array(rows)
    this.observationMoments = ofShards(observationSize)
    this.rewardMoments = ofShards(1)
  }

  /** Forgets the last rollout where a new one does not write over it. */
  clear(): void {
    this.episodes.length = 0
    this.flaw = null
    for (const moments of [...this.observationMoments, ...this.rewardMoments]) clearVectors(moments)
  }
}

/**
 * A shard numbers its rows 0 .. rowsPerShard-1 by step, then environment: the same whichever rank holds it.
 * @returns the row of the rank's rollout for row `j` of its `local`th shard.
 */
export function rowOfShard(
  { numEnvs }: Pick<Rollout, 'numEnvs'>,
  { envsPerShard }: Sizes,
  local: number,
  j: number,
): number {
  const t = Math.floor(j / envsPerShard)
  return t * numEnvs + local * envsPerShard + (j % envsPerShard)
}
