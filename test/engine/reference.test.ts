import { ReferenceEngine } from '../../src/engine/reference/reference.ts'
import { engineConformance } from './conformance.ts'

engineConformance('reference', layout => new ReferenceEngine(layout), {
  scalars: 1e-12,
  gradient: 1e-12,
  tensor: 1e-12,
  afterOne: 5e-7,
  afterTen: 3e-6,
  step: 2 ** -20,
  slope: 1e-8,
})
