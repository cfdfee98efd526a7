import type { Acted, ActionStreams, Engine, Minibatch, Normalizer, Rows, ShardSums } from '../engine.ts'
import { firstNonFinite, makeActed, see } from '../heads/acted.ts'
import { HostHeads } from '../heads/hostheads.ts'
import type { Layout } from '../layout.ts'
import type { GpuBuffer } from './api.ts'
import type { Device } from './device.ts'
import { type DeviceNetwork, networkOn } from './network.ts'
import { each } from './plan.ts'
import { gatherRows } from './shaders/dense.ts'

/**
 * Networks in compute shaders on a WebGPU device. Parameters go there, and gradients come back, in one copy each; losses
 * are taken on the host. Not exact: a gradient's rows are added up in chunks of the device's own.
 */
export class WebgpuEngine implements Engine {
  readonly name = 'webgpu'
  readonly exact = false
  readonly device: string
  readonly isGpu: boolean
  readonly layout: Layout
  readonly gpu: Device
  readonly network: DeviceNetwork
  readonly heads: HostHeads
  normalizer: Normalizer | null = null
  #rows: Rows | null = null
  /** Of `#rows`, [rows, obs], and which of them a minibatch has. */
  readonly #observations: { buffer: GpuBuffer; width: number; rows: number }
  readonly #indices: { buffer: GpuBuffer; width: number }
  readonly #gather: ReturnType<DeviceNetwork['plan']['single']>
  #acted: Acted

  constructor(layout: Layout, gpu: Device) {
    this.device = gpu.traits.name
    this.isGpu = !gpu.traits.isSoftware
    this.layout = layout
    this.gpu = gpu
    this.network = networkOn(gpu, layout)
    this.heads = new HostHeads(layout)
    const { plan, input } = this.network
    const size = layout.network.observationSize
    this.#observations = { buffer: gpu.buffer(0), width: size, rows: 0 }
    this.#indices = plan.store(1)
    this.#gather = plan.single({
      code: gatherRows,
      constants: { SIZE: size },
      places: [this.#indices, this.#observations, input],
      threads: each(size),
    })
    this.#acted = makeActed(layout, 0)
  }

  setParameters(parameters: Float32Array): void {
    this.gpu.write(this.network.parameters, parameters)
    this.heads.logStd.set(parameters.subarray(this.#onDevice))
  }

  setNormalizer(normalizer: Normalizer | null): void {
    this.normalizer = structuredClone(normalizer)
  }

  setRows(rows: Rows): void {
    const { actions, logProbs, values, advantages, returns, distributions } = rows
    this.#rows = structuredClone({
      ...{ actions, logProbs, values, advantages, returns, distributions },
      observations: new Float32Array(0), // they live on the device
    })
    const place = this.#observations
    if (values.length > place.rows) {
      place.buffer.destroy()
      place.buffer = this.gpu.buffer(rows.observations.byteLength)
      place.rows = values.length
      this.network.plan.rebind()
    }
    this.gpu.write(place.buffer, rows.observations)
  }

  async act(observations: Float32Array, n: number, streams: ActionStreams | null): Promise<Acted> {
    const acted = this.#makeRoom(n)
    see(observations, this.normalizer, acted.observations)
    this.heads.act(await this.#look(acted.observations, n), acted, streams)
    acted.nonFiniteRow = firstNonFinite(observations, this.layout.network.observationSize, acted)
    return acted
  }

  async values(observations: Float32Array, n: number): Promise<Float32Array> {
    const acted = this.#makeRoom(n)
    see(observations, this.normalizer, acted.observations)
    const outputs = await this.#look(acted.observations, n)
    const { width } = this.network.outputs.output
    return acted.values.map((_, row) => outputs[row * width + width - 1])
  }

  async gradients(minibatch: Minibatch, _grid: Float64Array, sums: ShardSums): Promise<void> {
    const rows = this.#rows
    if (!rows) throw new Error('gradients() before setRows()')
    const { plan, outputs, gradient, foldGradient } = this.network
    const n = minibatch.indices.length
    plan.begin(n)
    this.gpu.write(this.#indices.buffer, minibatch.indices)
    const seen = await this.#read(outputs.output.buffer, n * outputs.output.width, encoder => {
      const pass = encoder.beginComputePass()
      this.#gather(pass, n)
      plan.forward(pass, n)
      pass.end()
    })
    this.gpu.write(outputs.slope.buffer, this.heads.learn(seen, minibatch, rows, sums))
    const flat = await this.#read(gradient, this.#onDevice, encoder => {
      plan.clearSlopes(encoder, n, outputs.slope)
      const pass = encoder.beginComputePass()
      plan.backward(pass, n)
      foldGradient(pass, n)
      pass.end()
    })
    this.heads.finish(flat, minibatch, sums)
  }

  /** Outputs of the first `n` rows, [n, outputs + 1]. */
  #look(seen: Float32Array, n: number): Promise<Float32Array> {
    const { plan, input, outputs } = this.network
    plan.begin(n)
    this.gpu.write(input.buffer, seen)
    return this.#read(outputs.output.buffer, n * outputs.output.width, encoder => {
      const pass = encoder.beginComputePass()
      plan.forward(pass, n)
      pass.end()
    })
  }

  async #read(from: GpuBuffer, length: number, record: Parameters<Device['read']>[2]): Promise<Float32Array> {
    return new Float32Array(await this.gpu.read(from, 4 * length, record))
  }

  /** Parameters without log_std, which the host sees to. */
  get #onDevice(): number {
    const { distribution, numActions } = this.layout.network
    return this.layout.size - (distribution === 'gaussian' ? numActions : 0)
  }

  #makeRoom(n: number): Acted {
    if (this.#acted.values.length !== n) this.#acted = makeActed(this.layout, n)
    return this.#acted
  }
}
