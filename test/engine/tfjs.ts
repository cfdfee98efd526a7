import { TfjsEngine } from '../../src/engine/tfjs/engine.ts'
import { loadBackend, type TfjsEngineName } from '../../src/engine/tfjs/load.ts'
import { networkOf } from '../../src/engine/tfjs/network.ts'
import { engineConformance, float32 } from './conformance.ts'

/** The engines' conformance suite on a backend of TensorFlow.js. */
export async function tfjsConformance(name: TfjsEngineName): Promise<void> {
  const backend = await loadBackend(name)
  engineConformance(
    name,
    layout => new TfjsEngine(name, layout, backend, networkOf(backend.tf, layout)),
    float32,
  )
}
