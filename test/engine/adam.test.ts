import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Adam } from '../../src/engine/adam.ts'
import { loadNative, loadWasm } from '../../src/engine/kernels/load.ts'
import { KernelOptimizer } from '../../src/engine/kernels/optimizer.ts'
import type { Layout } from '../../src/engine/layout.ts'
import { clipScale } from '../../src/engine/optimizer.ts'
import { readData } from '../data.ts'
import { allNear, largestOf, near } from './near.ts'
import { cartPole } from './random.ts'
import { flatten } from './recorded.ts'

interface ClipCase {
  name: string
  max_norm: number
  gradients: number[][][]
  norm: number
  clipped: number[][][]
}

interface AdamCase {
  name: string
  kind: string
  beta1: number
  beta2: number
  eps: number
  weight_decay: number
  parameters: number[]
  gradients: number[][]
  learning_rates: number[]
  parameters_after_each: number[][]
  first_moment: number[]
  second_moment: number[]
}

const { optimizer_cases } = readData<{ optimizer_cases: AdamCase[] }>('torch/ppo_loss.json')
const cases = optimizer_cases.filter(({ kind, weight_decay }) => kind === 'adam' && weight_decay === 0)

for (const recorded of cases)
  test(recorded.name, () => {
    const { beta1, beta2, eps: epsilon } = recorded
    const parameters = Float32Array.from(recorded.parameters)
    const optimizer = new Adam(flat(parameters.length), { beta1, beta2, epsilon })
    recorded.gradients.forEach((gradient, step) => {
      optimizer.step(parameters, Float64Array.from(gradient), 0, 1, recorded.learning_rates[step])
      allNear(parameters, recorded.parameters_after_each[step], 2e-6)
    })
    relativelyNear(optimizer.state.firstMoment, recorded.first_moment)
    relativelyNear(optimizer.state.secondMoment, recorded.second_moment)
  })

test('the recorded cases are all there', () => {
  assert.deepEqual(
    cases.map(({ name }) => name),
    ['adam', 'adam-eps-1e-8', 'adam-betas', 'adam-tiny-gradients'],
  )
})

test('the state is all that the next step needs', () => {
  const gradients = cases[0].gradients.map(gradient => Float64Array.from(gradient))
  const parameters = Float32Array.from(cases[0].parameters)
  const whole = new Adam(flat(parameters.length))
  for (const gradient of gradients.slice(0, 5)) whole.step(parameters, gradient, 0, 1, 0.01)

  const resumed = new Adam(flat(parameters.length))
  resumed.state = structuredClone(whole.state)
  const copy = parameters.slice()
  for (const gradient of gradients.slice(5)) {
    whole.step(parameters, gradient, 0, 1, 0.01)
    resumed.step(copy, gradient, 0, 1, 0.01)
  }
  assert.deepEqual(copy, parameters)
  assert.deepEqual(resumed.state, whole.state)
})

function relativelyNear(actual: Float32Array, expected: number[]): void {
  allNear(actual, expected, 2e-6 * largestOf(Float64Array.from(expected)))
}

for (const [name, load] of [
  ['native', (bytes: number) => loadNative(bytes)!],
  ['wasm', loadWasm],
] as const)
  test(`the ${name} kernels' Adam has the same bits`, () => {
    for (const size of [1, 15, 16, 17, 1000]) {
      const plain = new Adam(flat(size))
      const kernels = new KernelOptimizer(flat(size), load)
      const parameters = Float32Array.from({ length: size }, (_, i) => Math.sin(i))
      const copy = parameters.slice()
      for (let step = 0; step < 20; step++) {
        const gradient = Float64Array.from({ length: size }, (_, i) => Math.cos(i * step) / (1 + step * 3))
        if (step === 10) kernels.state = structuredClone(plain.state)
        const sameGradient = gradient.slice()
        const [largest, sameLargest] = [new Float64Array(2), new Float64Array(2)]
        const norm = plain.average(gradient, 3, largest)
        assert.equal(kernels.average(sameGradient, 3, sameLargest), norm)
        assert.deepEqual([sameGradient, sameLargest], [gradient, largest])
        kernels.step(copy, sameGradient, norm, 0.5, 1e-3)
        plain.step(parameters, gradient, norm, 0.5, 1e-3)
        assert.deepEqual(copy, parameters)
        assert.deepEqual(structuredClone(kernels.state), structuredClone(plain.state))
      }
    }
  })

for (const recorded of optimizer_cases.filter(
  ({ kind }) => kind === 'clip_grad_norm',
) as unknown as ClipCase[])
  test(recorded.name, () => {
    const gradient = Float64Array.from(flatten(recorded.gradients))
    const clipped = flatten(recorded.clipped)
    const optimizer = new Adam(flat(gradient.length))
    const norm = optimizer.average(gradient, 1, new Float64Array(2))
    near(norm, recorded.norm, 1e-12)
    const scale = clipScale(norm, recorded.max_norm)
    allNear(
      gradient.map(x => x * scale),
      clipped,
      1e-12,
    )
  })

test('a gradient that is not finite stays visible', () => {
  const norm = new Adam(flat(2)).average(Float64Array.of(1, Number.NaN), 1, new Float64Array(2))
  assert.ok(Number.isNaN(norm))
  assert.ok(Number.isNaN(clipScale(norm, 0.5)))
})

/** Two tensors; the network does not matter. */
function flat(size: number): Layout {
  const first = Math.floor(size / 2)
  const tensor = (name: string, offset: number, length: number) => ({
    name,
    shape: [length],
    offset,
    size: length,
  })
  return {
    network: cartPole,
    tensors: [tensor('a', 0, first), tensor('b', first, size - first)],
    size,
  }
}
