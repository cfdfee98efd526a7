import { TfjsEngine } from '../../src/engine/tfjs/engine.ts'
import { loadBackend, type TfjsEngineName } from '../../src/engine/tfjs/load.ts'
import { networkOf } from '../../src/engine/tfjs/network.ts'
import { engineConformance, type Tolerances } from './conformance.ts'

/** float32 arithmetic in an order of the backend's own. */
const float32: Tolerances = {
  scalars: 5e-6,
  gradient: 3e-6,
  tensor: 1e-5,
  afterOne: 5e-7,
  afterTen: 3e-6,
  step: 2 ** -9,
  slope: 2e-3,
}

/** The engines' conformance suite on a backend of TensorFlow.js. */
export async function tfjsConformance(name: TfjsEngineName): Promise<void> {
  const backend = await loadBackend(name)
  engineConformance(
    name,
    layout => new TfjsEngine(name, layout, backend, networkOf(backend.tf, layout)),
    float32,
  )
}
