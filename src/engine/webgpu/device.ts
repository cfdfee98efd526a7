import { PporunError } from '../../base/errors.ts'
import {
  type Encoder,
  type Gpu,
  type GpuBuffer,
  type GpuDevice,
  MAP_READ,
  type Pipeline,
  Usage,
} from './api.ts'

/** Seconds that a device may take to answer, of this process's own running time; below --op-timeout. */
const PATIENCE = 60

/** A device that was lost, refuses a command, or does not answer. */
export class DeviceError extends PporunError {}

/** What is known of a device. */
export interface Traits {
  name: string
  /** Its adapter computes on the CPU. */
  isSoftware: boolean
  /** Bytes that a kernel can see of one buffer. */
  maxBinding: number
}

/**
 * A WebGPU device, and what it runs. Every wait for it ends: with an answer, or as a DeviceError when the device is lost
 * or takes too long.
 */
export class Device {
  readonly traits: Traits
  /** Kept, because Dawn lives as long as what made it. */
  readonly gpu: Gpu
  /** That have been made. */
  buffers = 0
  readonly #device: GpuDevice
  readonly #patience: number
  readonly #pipelines = new Map<string, Pipeline>()
  readonly #waits = new Set<(error: DeviceError) => void>()
  /** Buffers that can be mapped, and are not. */
  readonly #free: GpuBuffer[] = []
  #broken: DeviceError | null = null

  constructor(device: GpuDevice, gpu: Gpu, traits: Traits, patience: number = PATIENCE) {
    this.traits = traits
    this.#device = device
    this.gpu = gpu
    this.#patience = patience
    void device.lost.then(({ message }) => this.#break(`is lost: ${message}`))
    // Else a refused command would leave zeros behind, and nobody would know.
    device.addEventListener('uncapturederror', ({ error }) => this.#break(`refuses: ${error.message}`))
  }

  /** A buffer of so many bytes, of zeros, that kernels read and write. */
  buffer(bytes: number): GpuBuffer {
    const usage = Usage.storage | Usage.copySource | Usage.copyTarget
    return this.#create({ size: Math.max(4, bytes), usage })
  }

  /** A few numbers that kernels read. */
  uniforms(bytes: number): GpuBuffer {
    return this.#create({ size: bytes, usage: Usage.uniform | Usage.copyTarget })
  }

  write(to: GpuBuffer, data: ArrayBufferView): void {
    if (data.byteLength > 0) this.#device.queue.writeBuffer(to, 0, data)
  }

  /** The kernel `main` of `code` with its overridable constants set; compiled once. */
  pipeline(code: string, constants: Record<string, number>): Pipeline {
    const key = `${JSON.stringify(constants)}${code}`
    const known = this.#pipelines.get(key)
    if (known) return known
    const module = this.#device.createShaderModule({ code })
    const compute = { module, entryPoint: 'main', constants }
    const made = this.#device.createComputePipeline({ layout: 'auto', compute })
    this.#pipelines.set(key, made)
    return made
  }

  /** Buffers for the bindings 0, 1, ... of a kernel. */
  bindings(pipeline: Pipeline, buffers: readonly GpuBuffer[]): object {
    const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }))
    return this.#device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries })
  }

  run(record: (encoder: Encoder) => void): void {
    const encoder = this.#device.createCommandEncoder()
    record(encoder)
    this.#device.queue.submit([encoder.finish()])
  }

  /** A copy of the first `bytes` of a buffer after `record`'s commands: one submission, one wait. */
  async read(from: GpuBuffer, bytes: number, record: (encoder: Encoder) => void): Promise<ArrayBuffer> {
    if (bytes === 0) return new ArrayBuffer(0)
    const staging = this.#takeStaging(bytes)
    this.run(encoder => {
      record(encoder)
      encoder.copyBufferToBuffer(from, 0, staging, 0, bytes)
    })
    await this.#answer(staging.mapAsync(MAP_READ, 0, bytes))
    const copy = staging.getMappedRange(0, bytes).slice(0)
    staging.unmap()
    this.#free.push(staging)
    if (this.#broken) throw this.#broken
    return copy
  }

  /** Not while a kernel runs: Dawn waits for it, for ever if need be. */
  destroy(): void {
    this.#device.destroy()
  }

  #create(descriptor: { size: number; usage: number }): GpuBuffer {
    this.buffers++
    return this.#device.createBuffer(descriptor)
  }

  /** One each for those who read at the same time: ranks may share a process. */
  #takeStaging(bytes: number): GpuBuffer {
    const free = this.#free.pop()
    if (free && free.size >= bytes) return free
    free?.destroy()
    return this.#create({ size: bytes, usage: Usage.mapRead | Usage.copyTarget })
  }

  #break(how: string): void {
    this.#broken ??= new DeviceError(`the WebGPU device ${this.traits.name} ${how.split('\n')[0]}`)
    for (const reject of this.#waits) reject(this.#broken)
  }

  /** What `work` gives, unless the device breaks first. */
  #answer<T>(work: Promise<T>): Promise<T> {
    if (this.#broken) {
      work.catch(() => {})
      return Promise.reject(this.#broken)
    }
    return new Promise((resolve, reject) => {
      let seconds = 0
      // By ticks: those of a process that is stopped do not count.
      const clock = setInterval(() => {
        if (++seconds >= this.#patience) this.#break(`has not answered for ${seconds} s`)
      }, 1000)
      const end = () => {
        clearInterval(clock)
        this.#waits.delete(fail)
      }
      const fail = (error: unknown) => {
        end()
        reject(error)
      }
      this.#waits.add(fail)
      work.then(
        value => {
          end()
          resolve(value)
        },
        error =>
          fail(
            this.#broken ??
              new DeviceError(`the WebGPU device ${this.traits.name}: ${(error as Error).message}`),
          ),
      )
    })
  }
}
