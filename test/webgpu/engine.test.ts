/** The engine in compute shaders, on the first adapter that is here: a GPU's, or Chromium's software (adapter.ts). */
import { test } from 'node:test'
import { WebgpuEngine } from '../../src/engine/webgpu/engine.ts'
import { openDevice } from '../../src/engine/webgpu/load.ts'
import { engineConformance, float32 } from '../engine/conformance.ts'
import { whyNoAdapter } from './adapter.ts'

const why = await whyNoAdapter()
if (why !== null) test('engine webgpu', t => t.skip(why))
else {
  const gpu = await openDevice()
  engineConformance('webgpu', layout => new WebgpuEngine(layout, gpu), float32)
}
