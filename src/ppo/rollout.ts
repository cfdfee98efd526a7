import type { Rows } from '../engine/engine.ts'
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

/**
 * What this rank's environments did in one update, [T, N] row-major: row t * N + n is step t of the rank's
 * n-th environment. Filled by collect(), completed by computeGae(), read by the engine.
 */
export class Rollout implements GaeRollout, Rows {
  readonly numSteps: number
  readonly numEnvs: number
  readonly observations: Float32Array // [T, N, obs]
  readonly actions: Int32Array
  readonly distributions = null
  readonly logProbs: Float32Array
  readonly values: Float32Array
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
  /** Of the episode that each environment is in, [N]: they outlive the rollout. */
  readonly runningReturns: Float64Array
  readonly runningLengths: Int32Array

  constructor(numSteps: number, numEnvs: number, observationSize: number) {
    const rows = numSteps * numEnvs
    this.numSteps = numSteps
    this.numEnvs = numEnvs
    this.observations = new Float32Array(rows * observationSize)
    this.actions = new Int32Array(rows)
    this.logProbs = new Float32Array(rows)
    this.values = new Float32Array(rows)
    this.rewards = new Float32Array(rows)
    this.terminated = new Uint8Array(rows)
    this.truncated = new Uint8Array(rows)
    this.finalValues = new Float32Array(rows)
    this.lastValues = new Float32Array(numEnvs)
    this.advantages = new Float32Array(rows)
    this.returns = new Float32Array(rows)
    this.runningReturns = new Float64Array(numEnvs)
    this.runningLengths = new Int32Array(numEnvs)
  }
}

/**
 * A shard numbers its rows 0 .. rowsPerShard-1 by step, then environment: the same whichever rank holds it.
 * @returns the row of the rank's rollout for row `j` of its `local`th shard.
 */
export function rowOfShard(rollout: Rollout, { envsPerShard }: Sizes, local: number, j: number): number {
  const t = Math.floor(j / envsPerShard)
  return t * rollout.numEnvs + local * envsPerShard + (j % envsPerShard)
}
