import { UsageError } from '../../base/errors.ts'
import type { Layout } from '../layout.ts'
import { WebgpuEngine } from './engine.ts'
import { openDevice, SOFTWARE } from './load.ts'

/** @throws UsageError if its package or an adapter is not there */
export async function makeWebgpuEngine(layout: Layout): Promise<WebgpuEngine> {
  return new WebgpuEngine(layout, await openDevice())
}

/** For `auto`: the engine on a real GPU, or what is missing for it, with the mend. */
export async function findWebgpuEngine(layout: Layout): Promise<WebgpuEngine | string> {
  try {
    const device = await openDevice()
    return device.traits.isSoftware
      ? `webgpu: no GPU here, only ${device.traits.name}`
      : new WebgpuEngine(layout, device)
  } catch (error) {
    if (error instanceof UsageError) return error.message.replace(/^--engine /, '').replace(SOFTWARE, '')
    throw error
  }
}
