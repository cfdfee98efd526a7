import type { ActionStreams, Engine } from './engine/engine.ts'
import { WebgpuEngine } from './engine/webgpu/engine.ts'
import { DeviceRollout, type Trajectory } from './engine/webgpu/rollout.ts'
import { shaderOf } from './env/shaders.ts'
import type { ActionSpace, BoxSpace } from './env/spaces.ts'
import type { EnvStreams, VectorEnv } from './env/vectorenv.ts'

/**
 * Environments that the engine's own device steps, a rollout ahead; then the loop goes through what has happened as if it
 * happened now. Their state on the host is that of `twin`, after the last rollout.
 */
export class DeviceBatch implements VectorEnv {
  readonly numEnvs: number
  readonly observationSpace: BoxSpace
  readonly actionSpace: ActionSpace
  readonly observations: Float32Array
  readonly rewards: Float64Array
  readonly terminated: Uint8Array
  readonly truncated: Uint8Array
  readonly finalObservations: Float32Array
  readonly #twin: Twin
  readonly #rollout: DeviceRollout
  readonly #engine: WebgpuEngine
  #trajectory: Trajectory | null = null
  #step = 0
  #numSteps = 0

  constructor(engine: WebgpuEngine, rollout: DeviceRollout, twin: Twin) {
    this.#engine = engine
    this.#rollout = rollout
    this.#twin = twin
    this.numEnvs = twin.numEnvs
    this.observationSpace = twin.observationSpace
    this.actionSpace = twin.actionSpace
    this.observations = twin.observations.slice()
    this.finalObservations = twin.finalObservations.slice()
    this.rewards = new Float64Array(twin.numEnvs)
    this.terminated = new Uint8Array(twin.numEnvs)
    this.truncated = new Uint8Array(twin.numEnvs)
  }

  reset(): void {
    void this.#twin.reset()
    this.load(this.#twin.save())
  }

  save(): Uint8Array {
    return this.#twin.save()
  }

  load(state: Uint8Array): void {
    this.#twin.load(state)
    this.observations.set(this.#twin.observations)
    this.#rollout.place(new Float64Array(Uint8Array.from(state).buffer))
  }

  /** Plays ahead. @returns what gives the decisions that the device has taken, in their order */
  async ahead(numSteps: number, streams: ActionStreams): Promise<Pick<Engine, 'act' | 'values'>> {
    const trajectory = await this.#rollout.play(numSteps, streams)
    this.#twin.load(new Uint8Array(trajectory.states().buffer))
    this.#trajectory = trajectory
    this.#step = 0
    this.#numSteps = numSteps
    return {
      act: observations => trajectory.acted(this.#step, observations),
      values: (observations, n) => this.#engine.values(observations, n),
    }
  }

  /** The next step of those that have been played. */
  step(): void {
    if (!this.#trajectory) throw new Error('step() before ahead()')
    this.#trajectory.outcome(this.#step, this)
    this.#step++
    if (this.#step < this.#numSteps) this.#trajectory.observations(this.#step, this.observations)
    else this.observations.set(this.#twin.observations)
  }
}

type Twin = VectorEnv & Required<Pick<VectorEnv, 'save' | 'load'>>

/**
 * The environments of `twin` on the engine's device.
 * @param streams where their starts come from: training's
 * @returns null where the engine has none, or there is no shader of that environment
 */
export function onDevice(
  engine: Engine,
  id: string,
  twin: VectorEnv,
  { seed, firstEnv }: EnvStreams,
): DeviceBatch | null {
  const shader = shaderOf(id)
  if (!(engine instanceof WebgpuEngine) || !shader) return null
  const { stateSize, numDraws, maxEpisodeSteps } = shader.twin
  const simulated = { code: shader.code, stateSize, numDraws, maxEpisodeSteps }
  const rollout = new DeviceRollout(engine, simulated, twin.numEnvs, { seed, firstEnv })
  return new DeviceBatch(engine, rollout, twin as Twin)
}
