import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Adam } from '../../src/engine/adam.ts'
import { loadNative, loadWasm } from '../../src/engine/kernels/load.ts'
import { KernelOptimizer } from '../../src/engine/kernels/optimizer.ts'
import { readData } from '../data.ts'
import { allNear, largestOf } from './near.ts'

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
    const optimizer = new Adam(parameters.length, { beta1, beta2, epsilon })
    recorded.gradients.forEach((gradient, step) => {
      optimizer.step(parameters, Float64Array.from(gradient), recorded.learning_rates[step], Infinity)
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
  const whole = new Adam(parameters.length)
  for (const gradient of gradients.slice(0, 5)) whole.step(parameters, gradient.slice(), 0.01, Infinity)

  const resumed = new Adam(parameters.length)
  resumed.state = structuredClone(whole.state)
  const copy = parameters.slice()
  for (const gradient of gradients.slice(5)) {
    whole.step(parameters, gradient.slice(), 0.01, Infinity)
    resumed.step(copy, gradient.slice(), 0.01, Infinity)
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
      const plain = new Adam(size)
      const kernels = new KernelOptimizer(size, load)
      const parameters = Float32Array.from({ length: size }, (_, i) => Math.sin(i))
      const copy = parameters.slice()
      for (let step = 0; step < 20; step++) {
        const gradient = Float64Array.from({ length: size }, (_, i) => Math.cos(i * step) / (1 + step * 3))
        if (step === 10) kernels.state = structuredClone(plain.state)
        kernels.step(copy, gradient.slice(), 1e-3, 0.5)
        plain.step(parameters, gradient, 1e-3, 0.5)
        assert.deepEqual(copy, parameters)
        assert.deepEqual(structuredClone(kernels.state), structuredClone(plain.state))
      }
    }
  })
