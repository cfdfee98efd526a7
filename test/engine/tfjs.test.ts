import { ownConformance } from './ownnetworks.ts'
import { tfjsConformance } from './tfjs.ts'

for (const name of ['tfjs-wasm', 'tfjs-cpu'] as const) {
  await tfjsConformance(name)
  await ownConformance(name)
}
