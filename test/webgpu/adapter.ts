import { existsSync } from 'node:fs'
import { UsageError } from '../../src/base/errors.ts'
import { openDevice } from '../../src/engine/webgpu/load.ts'

/** Vulkan on the CPU, as Debian's chromium-common has it. */
export const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json'
export const swiftShaderLibrary = '/usr/lib/chromium/libvk_swiftshader.so'

/** What makes a machine without a GPU's driver compute on the CPU; for processes that a test starts, too. */
export const software: NodeJS.ProcessEnv = existsSync(SWIFTSHADER) ? { VK_ICD_FILENAMES: SWIFTSHADER } : {}

/** Why tests of WebGPU are skipped; null: they are not. */
export async function whyNoAdapter(): Promise<string | null> {
  try {
    Object.assign(process.env, software)
    await openDevice()
    return null
  } catch (error) {
    if (error instanceof UsageError) return error.message
    throw error
  }
}
