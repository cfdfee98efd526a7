import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clipGradNorm } from '../../src/engine/gradnorm.ts'
import { readData } from '../data.ts'
import { allNear, near } from './near.ts'
import { flatten } from './recorded.ts'

interface ClipCase {
  name: string
  kind: string
  max_norm: number
  gradients: number[][][]
  norm: number
  clipped: number[][][]
}

const { optimizer_cases } = readData<{ optimizer_cases: ClipCase[] }>('torch/ppo_loss.json')

for (const recorded of optimizer_cases.filter(({ kind }) => kind === 'clip_grad_norm'))
  test(recorded.name, () => {
    const gradient = Float64Array.from(flatten(recorded.gradients))
    near(clipGradNorm(gradient, recorded.max_norm), recorded.norm, 1e-12)
    allNear(gradient, flatten(recorded.clipped), 1e-12)
  })

test('a gradient that is not finite stays visible', () => {
  const gradient = Float64Array.of(1, Number.NaN)
  assert.ok(Number.isNaN(clipGradNorm(gradient, 0.5)))
  assert.ok(gradient.every(Number.isNaN))
})
