import type { Layout } from '../../src/engine/layout.ts'
import { TfjsEngine } from '../../src/engine/tfjs/engine.ts'
import { loadBackend, type TfjsEngineName } from '../../src/engine/tfjs/load.ts'
import { networkOf } from '../../src/engine/tfjs/network.ts'
import { agreesOn } from './agreeing.ts'
import { engineConformance, float32 } from './conformance.ts'
import { dicts } from './pictures.ts'

/** The engines' conformance suite on a backend of TensorFlow.js. */
export async function tfjsConformance(name: TfjsEngineName): Promise<void> {
  const backend = await loadBackend(name)
  const make = (layout: Layout) => new TfjsEngine(name, layout, backend, networkOf(backend.tf, layout))
  engineConformance(name, make, float32)
  for (const [kind, network] of dicts) agreesOn(`${name}: ${kind}`, make, network)
}
