/** The little of the WebGPU API that is used here: Node's own types have none of it. */
export interface Api {
  create(flags: string[]): Gpu
}

/** `navigator.gpu` of a browser. */
export interface Gpu {
  requestAdapter(options: { powerPreference: 'high-performance' }): Promise<Adapter | null>
}

export interface Adapter {
  readonly info: { vendor: string; device: string; description: string; isFallbackAdapter: boolean }
  readonly limits: { maxBufferSize: number; maxStorageBufferBindingSize: number }
  requestDevice(descriptor: { requiredLimits: Adapter['limits'] }): Promise<GpuDevice>
}

export interface GpuDevice {
  readonly lost: Promise<{ reason: string; message: string }>
  readonly queue: {
    writeBuffer(to: GpuBuffer, offset: number, data: ArrayBufferView): void
    submit(commands: object[]): void
  }
  createBuffer(descriptor: { size: number; usage: number }): GpuBuffer
  createShaderModule(descriptor: { code: string }): object
  createComputePipeline(descriptor: object): Pipeline
  createBindGroup(descriptor: object): object
  createCommandEncoder(): Encoder
  addEventListener(type: 'uncapturederror', listener: (event: { error: Error }) => void): void
  destroy(): void
}

export interface GpuBuffer {
  readonly size: number
  mapAsync(mode: number, offset: number, size: number): Promise<void>
  getMappedRange(offset: number, size: number): ArrayBuffer
  unmap(): void
  destroy(): void
}

export interface Pipeline {
  getBindGroupLayout(group: number): object
}

export interface Encoder {
  beginComputePass(): ComputePass
  clearBuffer(buffer: GpuBuffer, offset: number, size: number): void
  copyBufferToBuffer(from: GpuBuffer, fromOffset: number, to: GpuBuffer, offset: number, size: number): void
  finish(): object
}

export interface ComputePass {
  setPipeline(pipeline: Pipeline): void
  setBindGroup(group: number, bindings: object): void
  dispatchWorkgroups(x: number, y: number): void
  end(): void
}

/** GPUBufferUsage and GPUMapMode, from the specification. */
export const Usage = { mapRead: 1, copySource: 4, copyTarget: 8, uniform: 64, storage: 128 } as const
export const MAP_READ = 1
