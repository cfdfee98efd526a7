import { UsageError } from '../../base/errors.ts'
import type { Layout } from '../layout.ts'
import type { Backend } from './backend.ts'
import { TfjsEngine } from './engine.ts'
import { loadBackend, type TfjsEngineName, tfjsEngines } from './load.ts'
import { networkOf } from './network.ts'

export function isTfjsEngine(name: string): name is TfjsEngineName {
  return (tfjsEngines as readonly string[]).includes(name)
}

/** @throws UsageError if what it needs is not installed */
export async function makeTfjsEngine(name: TfjsEngineName, layout: Layout): Promise<TfjsEngine> {
  return engineOn(name, await loadBackend(name), layout)
}

/** An engine, and what is missing here for a faster one: a sentence for each, with the mend. */
export interface Found {
  engine: TfjsEngine
  missing: string[]
}

/**
 * The fastest of the family that runs here.
 * @param gpuOnly nothing but a GPU will do
 * @throws UsageError if there is none
 */
export async function findTfjsEngine(layout: Layout, gpuOnly: boolean): Promise<Found> {
  const missing: string[] = []
  let idle: [TfjsEngineName, Backend] | null = null // libtensorflow for a GPU, and no GPU
  for (const name of tfjsEngines)
    try {
      const backend = await loadBackend(name)
      const isGpuEngine = name === 'tfjs-node-gpu'
      if (backend.isGpu || !(isGpuEngine || gpuOnly))
        return { engine: engineOn(name, backend, layout), missing }
      if (isGpuEngine) missing.push(`${name}: no GPU here that libtensorflow can use`)
      if (isGpuEngine && !gpuOnly) idle = [name, backend]
    } catch (error) {
      if (!(error instanceof UsageError)) throw error
      // The same library computes on the CPU too.
      if (idle) return { engine: engineOn(...idle, layout), missing }
      missing.push(error.message.replace(/^--engine /, ''))
    }
  throw new UsageError(`--engine auto: nothing here computes this network: ${missing.join('; ')}`)
}

function engineOn(name: TfjsEngineName, backend: Backend, layout: Layout): TfjsEngine {
  return new TfjsEngine(name, layout, backend, networkOf(backend.tf, layout))
}
