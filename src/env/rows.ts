import type { ActionSpace, BoxSpace } from './spaces.ts'

/** The arrays that every batch of environments shows: row i is one environment. */
export class Rows {
  readonly numEnvs: number
  readonly observationSpace: BoxSpace
  readonly actionSpace: ActionSpace
  readonly observations: Float32Array // [N, obs]
  readonly finalObservations: Float32Array // [N, obs]
  readonly rewards: Float64Array // [N]
  readonly terminated: Uint8Array // [N]
  readonly truncated: Uint8Array // [N]

  constructor(spaces: { observationSpace: BoxSpace; actionSpace: ActionSpace }, numEnvs: number) {
    const observationSize = spaces.observationSpace.low.length
    this.numEnvs = numEnvs
    this.observationSpace = spaces.observationSpace
    this.actionSpace = spaces.actionSpace
    this.observations = new Float32Array(numEnvs * observationSize)
    this.finalObservations = new Float32Array(numEnvs * observationSize)
    this.rewards = new Float64Array(numEnvs)
    this.terminated = new Uint8Array(numEnvs)
    this.truncated = new Uint8Array(numEnvs)
  }
}
