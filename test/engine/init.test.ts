import assert from 'node:assert/strict'
import { test } from 'node:test'
import { initialParameters, orthogonal } from '../../src/engine/init.ts'
import { type Layout, layoutOf, type Tensor } from '../../src/engine/layout.ts'
import { readData } from '../data.ts'
import { allNear, near } from './near.ts'
import { cartPole, gaussian } from './random.ts'

interface InitCase {
  name: string
  kind: string
  shape: [number, number]
  gain: number
  gaussian: number[][]
  weight: number[][]
  diagonal: number
  off_diagonal: number
}

const { cases } = readData<{ cases: InitCase[] }>('torch/init.json')

for (const { name, shape, gain, gaussian, weight } of cases.filter(({ kind }) => kind === 'from_gaussian'))
  test(name, () => {
    const actual = orthogonal(Float64Array.from(gaussian.flat()), ...shape, gain)
    allNear(actual, weight.flat(), 1e-12)
  })

for (const { name, shape, gain, diagonal, off_diagonal } of cases.filter(({ kind }) => kind === 'gram'))
  test(`${name}: Gram matrix`, () => {
    const [rows, columns] = shape
    const weight = orthogonal(Float64Array.from(gaussian(rows * columns, 9)), rows, columns, gain)
    gramOf(weight, rows, columns).forEach((row, i) => {
      row.forEach((product, j) => {
        near(product, i === j ? diagonal : off_diagonal, 1e-14 * diagonal * Math.max(rows, columns))
      })
    })
  })

const layout = layoutOf(cartPole)

test('gains: hidden sqrt 2, policy head 0.01, value head 1; biases 0', () => {
  const parameters = initialParameters(layout, 1)
  for (const tensor of layout.tensors) {
    const expected = tensor.shape.length === 1 ? 0 : expectedGain(tensor.name)
    near(scaleOf(parameters, tensor), expected, 1e-6)
  }
})

test('the vector is a function of the seed; equal shapes differ', () => {
  assert.deepEqual(initialParameters(layout, 1), initialParameters(layout, 1))
  assert.notDeepEqual(initialParameters(layout, 1), initialParameters(layout, 2))
  const parameters = initialParameters(layout, 1)
  assert.notDeepEqual(
    sliceOf(layout, parameters, 'actor.1.weight'),
    sliceOf(layout, parameters, 'critic.1.weight'),
  )
})

test('two wide layers: independent numbers of the size that orthogonal ones have, in seconds', () => {
  const wide = layoutOf({ ...cartPole, hidden: [1100, 1100], sharedTrunk: true })
  const weight = sliceOf(wide, initialParameters(wide, 1), 'trunk.1.weight')
  const square = weight.reduce((sum, x) => sum + x * x, 0) / weight.length
  near(square * 1100, 2, 0.02)
})

function expectedGain(name: string): number {
  if (name === 'actor.2.weight') return 0.01
  return name === 'critic.2.weight' ? 1 : Math.sqrt(2)
}

/** gain, from the sum of squares of min(rows, columns) vectors of that length. */
function scaleOf(parameters: Float32Array, { offset, size, shape }: Tensor): number {
  const squares = parameters.subarray(offset, offset + size).reduce((sum, x) => sum + x * x, 0)
  return Math.sqrt(squares / Math.min(...shape))
}

function sliceOf(layout: Layout, parameters: Float32Array, wanted: string): Float32Array {
  const { offset, size } = layout.tensors.find(({ name }) => name === wanted) as Tensor
  return parameters.slice(offset, offset + size)
}

/** Products of the columns if tall, of the rows if wide. */
function gramOf(weight: Float64Array, rows: number, columns: number): number[][] {
  const count = Math.min(rows, columns)
  const length = Math.max(rows, columns)
  const at = (i: number, k: number) => (rows < columns ? weight[i * columns + k] : weight[k * columns + i])
  const product = (i: number, j: number) => {
    let sum = 0
    for (let k = 0; k < length; k++) sum += at(i, k) * at(j, k)
    return sum
  }
  return Array.from({ length: count }, (_, i) => Array.from({ length: count }, (_, j) => product(i, j)))
}
