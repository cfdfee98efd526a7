import { existsSync, readdirSync } from 'node:fs'
import { rankIdentity, visibleDevices, vulkanDrivers } from '../../base/contract.ts'
import { UsageError } from '../../base/errors.ts'
import { openAdapter } from './adapters.ts'
import type { Api } from './api.ts'
import { Device } from './device.ts'

/** The npm package: Dawn, Chromium's WebGPU, with a binary for each platform inside. */
export const PACKAGE = 'webgpu@0.6.2'

let opened: Promise<Device> | undefined

/**
 * This process's device, opened once: of the adapters that Vulkan (Metal on macOS) has, this rank's own.
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
  const found = await openAdapter(api, placeOfRank())
  if (!found) throw new UsageError(noAdapter('Vulkan has no adapter that Dawn can use'))
  const { gpu, adapter, name } = found
  const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits
  const device = await adapter.requestDevice({
    requiredLimits: { maxBufferSize, maxStorageBufferBindingSize },
  })
  const { isFallbackAdapter: isSoftware } = adapter.info
  return new Device(device, gpu, { name, isSoftware, maxBinding: maxStorageBufferBindingSize }, patience)
}

/** Of this rank's adapter among a host's: the launcher's choice of a GPU, which Vulkan knows nothing of, else its own place. */
function placeOfRank(): number {
  const [number] = /^\d+/.exec(visibleDevices().cuda ?? '') ?? []
  return number === undefined ? rankIdentity().localRank : Number(number)
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
