import type { Layout } from '../layout.ts'
import { TfjsEngine } from './engine.ts'
import { loadBackend, type TfjsEngineName, tfjsEngines } from './load.ts'
import { networkOf } from './network.ts'

export function isTfjsEngine(name: string): name is TfjsEngineName {
  return (tfjsEngines as readonly string[]).includes(name)
}

/** @throws UsageError if what it needs is not installed */
export async function makeTfjsEngine(name: TfjsEngineName, layout: Layout): Promise<TfjsEngine> {
  const backend = await loadBackend(name)
  return new TfjsEngine(name, layout, backend, networkOf(backend.tf, layout))
}
