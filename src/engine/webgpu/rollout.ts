import type { Acted, ActionStreams } from '../engine.ts'
import { firstNonFinite, makeActed } from '../heads/acted.ts'
import type { GpuBuffer } from './api.ts'
import type { WebgpuEngine } from './engine.ts'
import { each } from './plan.ts'
import { beginRollout, recordOf, stepRollout } from './shaders/rollout.ts'

/** An environment as the device steps it; `code` in WGSL, as env/shaders.ts says. */
export interface Simulated {
  readonly code: string
  readonly stateSize: number
  readonly numDraws: number
  readonly maxEpisodeSteps: number
}

/** Where start states come from. */
export interface Starts {
  seed: number
  firstEnv: number
}

/**
 * Environments that live on the engine's device: a rollout is forward passes, samples and steps of all of them in one
 * submission, and is read once.
 */
export class DeviceRollout {
  readonly #engine: WebgpuEngine
  readonly #numEnvs: number
  readonly #simulated: Simulated
  readonly #starts: Starts
  readonly #settings: GpuBuffer
  readonly #normalizer: GpuBuffer
  readonly #states: GpuBuffer
  readonly #counters: GpuBuffer
  readonly #trajectory: { buffer: GpuBuffer; width: number }
  readonly #begin: ReturnType<WebgpuEngine['network']['plan']['single']>
  readonly #step: ReturnType<WebgpuEngine['network']['plan']['single']>

  constructor(engine: WebgpuEngine, simulated: Simulated, numEnvs: number, starts: Starts) {
    const { gpu, network, layout } = engine
    const { observationSize, numActions } = layout.network
    const { code, stateSize, numDraws } = simulated
    this.#engine = engine
    this.#numEnvs = numEnvs
    this.#simulated = simulated
    this.#starts = starts
    this.#settings = gpu.buffer(4 * 6)
    this.#normalizer = gpu.buffer(4 * (2 * observationSize + 1))
    this.#states = gpu.buffer(4 * numEnvs * stateSize)
    this.#counters = gpu.buffer(4 * numEnvs * 3)
    this.#trajectory = { buffer: gpu.buffer(0), width: 0 }
    const { plan, input, outputs } = network
    const constants = { S: stateSize, O: observationSize }
    this.#begin = plan.single({
      code: beginRollout(code),
      constants,
      places: [this.#normalizer, this.#states, this.#counters, input],
      threads: each(1),
    })
    const places = [this.#settings, this.#normalizer, outputs.output, this.#states, this.#counters, input]
    this.#step = plan.single({
      code: stepRollout(code),
      constants: { ...constants, D: numDraws, A: numActions },
      places: [...places, this.#trajectory],
      threads: each(1),
    })
  }

  /** Puts environments there. @param rows [N, state, then steps and episodes] */
  place(rows: Float64Array): void {
    const width = this.#simulated.stateSize + 2
    const part = (first: number, last: number) =>
      rows.filter((_, i) => i % width >= first && i % width < last)
    const counters = new Uint32Array(3 * this.#numEnvs)
    part(width - 2, width).forEach((count, i) => {
      counters[3 * (i >> 1) + (i & 1)] = count
    })
    this.#engine.gpu.write(this.#states, Float32Array.from(part(0, width - 2)))
    this.#engine.gpu.write(this.#counters, counters)
  }

  /** Plays `numSteps` steps with the engine's parameters and normaliser. */
  async play(numSteps: number, streams: ActionStreams): Promise<Trajectory> {
    const { gpu, network, layout } = this.#engine
    const { plan } = network
    const [n, { stateSize }] = [this.#numEnvs, this.#simulated]
    const { observationSize, numActions } = layout.network
    const length = n * (numSteps * recordOf(observationSize, numActions) + stateSize + 2)
    if (this.#trajectory.width !== length) {
      this.#trajectory.buffer.destroy()
      this.#trajectory.buffer = gpu.buffer(4 * length)
      this.#trajectory.width = length
      plan.rebind()
    }
    plan.begin(n)
    gpu.write(this.#settings, this.#settingsOf(numSteps, streams))
    gpu.write(this.#normalizer, this.#normalization())
    const bytes = await gpu.read(this.#trajectory.buffer, 4 * length, encoder => {
      const pass = encoder.beginComputePass()
      this.#begin(pass, n)
      for (let t = 0; t < numSteps; t++) {
        plan.forward(pass, n)
        this.#step(pass, n)
      }
      pass.end()
    })
    return new Trajectory(this.#engine, n, stateSize, new Float32Array(bytes))
  }

  #settingsOf(numSteps: number, { step }: ActionStreams): Uint32Array {
    const { seed, firstEnv } = this.#starts
    const { maxEpisodeSteps } = this.#simulated
    return Uint32Array.of(seed, Math.floor(seed / 4_294_967_296), firstEnv, step, maxEpisodeSteps, numSteps)
  }

  /** [mean, scale, clip]; none: observations go through as they are. */
  #normalization(): Float32Array {
    const { normalizer, layout } = this.#engine
    const size = layout.network.observationSize
    if (normalizer) return Float32Array.of(...normalizer.mean, ...normalizer.scale, normalizer.clip)
    return Float32Array.from({ length: 2 * size + 1 }, (_, i) => (i < size ? 0 : i < 2 * size ? 1 : MOST))
  }
}

/** The largest float32. */
const MOST = 3.4028234663852886e38

/** What a rollout has come to, read from the device. Arrays of a step are valid until the next one is asked for. */
export class Trajectory {
  readonly #engine: WebgpuEngine
  readonly #numEnvs: number
  readonly #numbers: Float32Array
  readonly #record: number
  readonly #stateSize: number
  readonly #acted: Acted
  readonly #outputs: Float32Array // [N, outputs + 1]

  constructor(engine: WebgpuEngine, numEnvs: number, stateSize: number, numbers: Float32Array) {
    const { observationSize, numActions } = engine.layout.network
    this.#engine = engine
    this.#numEnvs = numEnvs
    this.#numbers = numbers
    this.#record = recordOf(observationSize, numActions)
    this.#stateSize = stateSize
    this.#acted = makeActed(engine.layout, numEnvs)
    this.#outputs = new Float32Array(numEnvs * (numActions + 1))
  }

  /** What act() would have given in step `t`. @param observations of that step, raw */
  acted(t: number, observations: Float32Array): Acted {
    const { observationSize: size, numActions } = this.#engine.layout.network
    const acted = this.#acted
    this.#copy(t, size, acted.observations)
    this.#copy(t, 3 * size, this.#outputs)
    this.#copy(t, 3 * size + numActions + 1, acted.actions)
    this.#engine.heads.rate(this.#outputs, acted)
    acted.nonFiniteRow = firstNonFinite(observations, size, acted)
    return acted
  }

  /** Writes what became of step `t`. */
  outcome(t: number, to: Outcome): void {
    const { observationSize: size, numActions } = this.#engine.layout.network
    const rest = 3 * size + numActions + 2
    this.#copy(t, 2 * size, to.finalObservations)
    this.#copy(t, rest, to.rewards)
    this.#copy(t, rest + 1, to.terminated)
    this.#copy(t, rest + 2, to.truncated)
  }

  /** Observations before step `t`, raw. */
  observations(t: number, to: Float32Array): void {
    this.#copy(t, 0, to)
  }

  /** Environments as they are after the last step, [N, state, then steps and episodes]. */
  states(): Float64Array {
    return Float64Array.from(this.#numbers.subarray(-this.#numEnvs * (this.#stateSize + 2)))
  }

  /** Each environment's numbers of step `t` from `at` on, as many as `to` [N, ...] takes. */
  #copy(t: number, at: number, to: Float32Array | Float64Array | Int32Array | Uint8Array): void {
    const width = to.length / this.#numEnvs
    for (let row = 0; row < this.#numEnvs; row++) {
      const from = (t * this.#numEnvs + row) * this.#record + at
      for (let k = 0; k < width; k++) to[row * width + k] = this.#numbers[from + k]
    }
  }
}

export interface Outcome {
  rewards: Float64Array // [N]
  terminated: Uint8Array // [N]
  truncated: Uint8Array // [N]
  finalObservations: Float32Array // [N, obs]
}
