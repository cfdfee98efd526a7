import type { ComputePass, Encoder, GpuBuffer, Pipeline } from './api.ts'
import type { Device } from './device.ts'
import { GROUP } from './shaders/common.ts'

/** Workgroups along x at most; more of them go along y. */
const MOST_GROUPS = 65_535
/** Chunks of rows whose gradients are added up apart: more threads, and sums that keep their digits. */
const CHUNKS = 8

/** A buffer with a number of numbers for each row; it grows with the rows. */
export interface Store {
  buffer: GpuBuffer
  /** Numbers of a row. */
  readonly width: number
}

/** What a layer gives, and where the slopes of the loss at it are gathered; null: nobody asks for them. */
export interface Signal {
  readonly output: Store
  readonly slope: Store | null
}

/** Threads for kernels that write so many numbers for each row. */
export const each =
  (width: number) =>
  (rows: number): number =>
    rows * width

type Place = Store | GpuBuffer

interface Step {
  pipeline: Pipeline
  places: readonly Place[]
  threads: (rows: number) => number
  bindings: { object: object; generation: number } | null
}

/** What a kernel reads and writes, after the rows, in the order of its bindings; and its constants. */
export interface Kernel {
  code: string
  constants: Record<string, number>
  places: readonly Place[]
  /** That it takes; more do nothing. */
  threads: (rows: number) => number
}

/** The kernels of a network's passes in their order, with the memory that they work in. */
export class Plan {
  readonly device: Device
  /** Chunks that a gradient of so many parameters is taken in. */
  readonly chunks: number
  readonly #rows: GpuBuffer
  readonly #stores: (Store & { width: number })[] = []
  readonly #slopes: Store[] = []
  readonly #forward: Step[] = []
  readonly #backward: Step[] = []
  #capacity = 0
  #generation = 0

  constructor(device: Device, parameters: number) {
    this.device = device
    this.chunks = Math.max(1, Math.min(CHUNKS, Math.floor(device.traits.maxBinding / (4 * parameters))))
    this.#rows = device.uniforms(16)
  }

  store(width: number): Store {
    const store = { buffer: this.device.buffer(0), width }
    this.#stores.push(store)
    return store
  }

  /** Where the output of a layer goes, with slopes that backward() begins with zeros. */
  signal(width: number): Signal {
    const slope = this.store(width)
    this.#slopes.push(slope)
    return { output: this.store(width), slope }
  }

  /** A layer behind those that are there: its backward pass comes before theirs. */
  layer(forward: readonly Kernel[], backward: readonly Kernel[]): void {
    this.#forward.push(...forward.map(kernel => this.#step(kernel)))
    this.#backward.unshift(...backward.map(kernel => this.#step(kernel)))
  }

  /** Kernels beside the passes. */
  single(kernel: Kernel): (pass: ComputePass, rows: number) => void {
    const step = this.#step(kernel)
    return (pass, rows) => this.#run(step, pass, rows)
  }

  /** Sets how many rows the next passes have. */
  begin(rows: number): void {
    if (rows > this.#capacity) this.#grow(rows)
    this.device.write(this.#rows, Uint32Array.of(rows, Math.ceil(rows / this.chunks), 0, 0))
  }

  forward(pass: ComputePass, rows: number): void {
    for (const step of this.#forward) this.#run(step, pass, rows)
  }

  /** @param given slopes that are there already. */
  clearSlopes(encoder: Encoder, rows: number, given: Store): void {
    for (const { buffer, width } of this.#slopes)
      if (buffer !== given.buffer) encoder.clearBuffer(buffer, 0, 4 * rows * width)
  }

  backward(pass: ComputePass, rows: number): void {
    for (const step of this.#backward) this.#run(step, pass, rows)
  }

  /** A buffer of the caller's has been replaced by another. */
  rebind(): void {
    this.#generation++
  }

  #step({ code, constants, places, threads }: Kernel): Step {
    return { pipeline: this.device.pipeline(code, constants), places, threads, bindings: null }
  }

  #run(step: Step, pass: ComputePass, rows: number): void {
    const groups = Math.ceil(step.threads(rows) / GROUP)
    if (groups === 0) return // a rank without environments
    const across = Math.min(groups, MOST_GROUPS)
    pass.setPipeline(step.pipeline)
    pass.setBindGroup(0, this.#bindingsOf(step))
    pass.dispatchWorkgroups(across, Math.ceil(groups / across))
  }

  #bindingsOf(step: Step): object {
    if (step.bindings?.generation !== this.#generation) {
      const buffers = step.places.map(place => ('buffer' in place ? place.buffer : place))
      const object = this.device.bindings(step.pipeline, [this.#rows, ...buffers])
      step.bindings = { object, generation: this.#generation }
    }
    return step.bindings.object
  }

  #grow(rows: number): void {
    for (const store of this.#stores) {
      store.buffer.destroy()
      store.buffer = this.device.buffer(4 * rows * store.width)
    }
    this.#capacity = rows
    this.#generation++
  }
}
