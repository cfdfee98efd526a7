import { UsageError } from '../../base/errors.ts'
import type { Layout } from '../layout.ts'
import type { Backend } from './backend.ts'
import { TfjsEngine } from './engine.ts'
import { loadBackend, type TfjsEngineName, tfjsEngines } from './load.ts'
import { networkOf } from './network.ts'
import { NetworkError } from './networks.ts'
import { ownNetworkOf } from './own.ts'

export function isTfjsEngine(name: string): name is TfjsEngineName {
  return (tfjsEngines as readonly string[]).includes(name)
}

/**
 * @param seed of an own network's first values
 * @throws UsageError if what it needs is not installed, or for an own network that it does not run
 */
export async function makeTfjsEngine(
  name: TfjsEngineName,
  layout: Layout,
  seed: number,
): Promise<TfjsEngine> {
  return engineOn(name, await loadBackend(name), layout, seed)
}

/** An engine, and what is missing here for a faster one: a sentence for each, with the mend. */
export interface Found {
  engine: TfjsEngine
  missing: string[]
}

/**
 * The fastest of the family that runs here.
 * @param gpuOnly nothing but a GPU will do
 * @param seed of an own network's first values
 * @throws UsageError if there is none
 */
export async function findTfjsEngine(layout: Layout, gpuOnly: boolean, seed: number): Promise<Found> {
  const missing: string[] = []
  let idle: [TfjsEngineName, Backend] | null = null // libtensorflow for a GPU, and no GPU
  for (const name of tfjsEngines)
    try {
      const backend = await loadBackend(name)
      const isGpuEngine = name === 'tfjs-node-gpu'
      if (backend.isGpu || !(isGpuEngine || gpuOnly))
        return { engine: engineOn(name, backend, layout, seed), missing }
      if (isGpuEngine) missing.push(`${name}: no GPU here that libtensorflow can use`)
      if (isGpuEngine && !gpuOnly) idle = [name, backend]
    } catch (error) {
      if (!(error instanceof UsageError) || error instanceof NetworkError) throw error
      // The same library computes on the CPU too.
      if (idle) return { engine: engineOn(...idle, layout, seed), missing }
      missing.push(error.message.replace(/^--engine /, ''))
    }
  throw new UsageError(`--engine auto: nothing here computes this network: ${missing.join('; ')}`)
}

function engineOn(name: TfjsEngineName, backend: Backend, layout: Layout, seed: number): TfjsEngine {
  if (layout.network.own) {
    const made = ownNetworkOf({ name, backend }, layout.network, seed)
    return new TfjsEngine(name, made.layout, backend, made.network)
  }
  return new TfjsEngine(name, layout, backend, networkOf(backend.tf, layout))
}
