import { existsSync, readdirSync } from 'node:fs'
import { vulkanDrivers } from '../../base/contract.ts'
import { UsageError } from '../../base/errors.ts'
import type { Adapter, Api, Gpu } from './api.ts'
import { Device } from './device.ts'

/** The npm package: Dawn, Chromium's WebGPU, with a binary for each platform inside. */
export const PACKAGE = 'webgpu@0.6.2'

let opened: Promise<Device> | undefined

/**
 * This process's device, opened once: the fastest adapter that Vulkan (Metal on macOS) has.
 * @throws UsageError, one line with the mend, for each way of being absent
 */
export function openDevice(): Promise<Device> {
  opened ??= newDevice()
  return opened
}

/** One more. @param patience seconds that it may take to answer */
export async function newDevice(patience?: number): Promise<Device> {
  const api = await load()
  // Dawn would say the same in ten lines on stderr.
  if (process.platform === 'linux' && !hasDriver()) throw new UsageError(noAdapter('no Vulkan driver'))
  const gpu = create(api)
  const adapter = await gpu?.requestAdapter({ powerPreference: 'high-performance' })
  if (!gpu || !adapter) throw new UsageError(noAdapter('Vulkan has no adapter that Dawn can use'))
  const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits
  const device = await adapter.requestDevice({
    requiredLimits: { maxBufferSize, maxStorageBufferBindingSize },
  })
  const { isFallbackAdapter: isSoftware } = adapter.info
  return new Device(
    device,
    gpu,
    { name: nameOf(adapter), isSoftware, maxBinding: maxStorageBufferBindingSize },
    patience,
  )
}

async function load(): Promise<Api> {
  try {
    const name = 'webgpu' // a variable: the package need not be there for the types to be checked
    return (await import(name)) as Api
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    if (code === 'ERR_MODULE_NOT_FOUND')
      throw new UsageError(`--engine webgpu: webgpu is not installed; npm install ${PACKAGE}`)
    throw new UsageError(
      `--engine webgpu: webgpu does not load: ${message.split('\n')[0]}; npm install ${PACKAGE}, on x64 or arm64`,
    )
  }
}

/** null: libvulkan is not there, for one. */
function create(api: Api): Gpu | null {
  try {
    const backend = process.platform === 'darwin' ? 'metal' : 'vulkan'
    // Kernels stay inside their arrays by themselves; Dawn's own checks make them take twice as long.
    return api.create([`backend=${backend}`, 'enable-dawn-features=disable_robustness'])
  } catch {
    return null
  }
}

/** What helps where there is no GPU. */
export const SOFTWARE =
  ", or, to compute on the CPU, Debian's chromium-common and set VK_ICD_FILENAMES=/usr/lib/chromium/vk_swiftshader_icd.json"

const noAdapter = (why: string) =>
  `--engine webgpu: ${why}; install libvulkan1 and the GPU's driver${SOFTWARE}`

/** Whether the Vulkan loader would find the manifest of one. */
function hasDriver(): boolean {
  const { files, folders } = vulkanDrivers()
  if (files) return files.some(file => existsSync(file))
  return folders.some(
    folder => existsSync(folder) && readdirSync(folder).some(name => name.endsWith('.json')),
  )
}

/** `swiftshader-device-subzero (SwiftShader driver 5.0.0), software on x64 CPU`: Dawn has no other name. */
function nameOf({ info: { vendor, device, description, isFallbackAdapter } }: Adapter): string {
  const name = `${device.replace(/-+$/, '') || vendor || 'GPU'}${description && ` (${description})`}`
  return isFallbackAdapter ? `${name}, software on ${process.arch} CPU` : name
}
