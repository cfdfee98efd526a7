import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fitsGrid, GRID_FLOOR, gridOf, roundToGrid } from '../../src/base/math/exact.ts'

/** Doubles over the range of gradients, all signs and many exponents. */
const summand: fc.Arbitrary<number> = fc
  .tuple(fc.double({ min: -1, max: 1, noNaN: true }), fc.integer({ min: -60, max: 60 }))
  .map(([fraction, exponent]) => fraction * 2 ** exponent)

const grid: fc.Arbitrary<number> = fc.integer({ min: -140, max: 60 }).map(exponent => 2 ** exponent)

/** Adds two partial sums at a time, chosen by `choices`: any order and any grouping. */
function sumSomehow(values: number[], choices: number[]): number {
  const partial = [...values]
  for (let i = 0; partial.length > 1; i++) {
    const [a] = partial.splice(choices[i % choices.length] % partial.length, 1)
    const at = choices[(i + 1) % choices.length] % partial.length
    partial[at] += a
  }
  return partial[0]
}

test('rounded values that fit have one sum, whatever the order and the grouping', () => {
  const choices = fc.array(fc.nat(), { minLength: 20, maxLength: 20 })
  const shards = fc.array(summand, { minLength: 1, maxLength: 16 })
  fc.assert(
    fc.property(shards, fc.integer({ min: -12, max: 12 }), choices, (values, drift, choices) => {
      const largest = Math.max(...values.map(Math.abs))
      const shared = gridOf(largest * 2 ** drift) // as after steps in which the gradient grew or shrank
      fc.pre(fitsGrid(largest, values.length, shared))
      const rounded = values.map(x => roundToGrid(x, shared))
      const expected = rounded.reduce((sum, x) => sum + BigInt(x / shared), 0n)
      assert.ok(Object.is(sumSomehow(rounded, choices), Number(expected) * shared))
    }),
    { numRuns: 2000 },
  )
})

test('sums at the very edge of 53 bits have one value too', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 16 }), fc.integer({ min: 0, max: 40 }), (numShards, below) => {
      const edge = 2 ** 53 / numShards
      const values = Array.from({ length: numShards }, (_, i) => edge - (i % 3 === 0 ? below / 4 : 0))
      fc.pre(fitsGrid(Math.max(...values), numShards, 1))
      const rounded = values.map(x => roundToGrid(x, 1))
      const forward = rounded.reduce((sum, x) => sum + x)
      assert.equal(sumSomehow(rounded, [5, 3, 8, 1, 9, 2]), forward)
      assert.equal(Number(rounded.reduce((sum, x) => sum + BigInt(x), 0n)), forward)
    }),
  )
})

test('rounding gives a multiple of the grid within half of it, and is symmetric', () => {
  fc.assert(
    fc.property(summand, grid, (x, grid) => {
      const rounded = roundToGrid(x, grid)
      assert.ok(Number.isInteger(rounded / grid))
      assert.ok(Math.abs(rounded - x) <= grid / 2)
      assert.ok(roundToGrid(-x, grid) === -rounded)
    }),
    { numRuns: 2000 },
  )
})

test('ties go to the even multiple', () => {
  fc.assert(
    fc.property(fc.integer({ min: -(2 ** 50), max: 2 ** 50 }), grid, (k, grid) => {
      const multiple = roundToGrid((k + 0.5) * grid, grid) / grid
      assert.ok(multiple % 2 === 0 && Math.abs(multiple - k - 0.5) === 0.5)
    }),
  )
})

test('beyond 2^52 grids numbers are multiples already; what is not finite stays', () => {
  for (const x of [2 ** 52, -(2 ** 52), 2 ** 52 + 1, 1e30, Infinity, -Infinity]) {
    assert.equal(roundToGrid(x, 1), x)
  }
  assert.ok(Number.isNaN(roundToGrid(NaN, 1)))
  assert.equal(roundToGrid(2 ** 52 - 0.5, 1), 2 ** 52)
})

test('the grid lies 40 bits below the magnitude, and never below its floor', () => {
  assert.equal(GRID_FLOOR, 2 ** -140)
  assert.equal(gridOf(1), 2 ** -40)
  assert.equal(gridOf(1.999), 2 ** -40)
  assert.equal(gridOf(2), 2 ** -39)
  assert.equal(gridOf(0.75), 2 ** -41)
  assert.equal(gridOf(2 ** 1000), 2 ** 960)
  for (const small of [0, Number.MIN_VALUE, 1e-310, 1e-300, 2 ** -100])
    assert.equal(gridOf(small), GRID_FLOOR)
  assert.equal(gridOf(2 ** -99), 2 * GRID_FLOOR)
})

test('what fits: the sum within 2^53 grids and each part within 2^51', () => {
  assert.ok(fitsGrid(2 ** 51, 4, 1))
  assert.ok(!fitsGrid(2 ** 51, 5, 1))
  assert.ok(!fitsGrid(2 ** 51 + 1, 1, 1))
  assert.ok(fitsGrid(2 ** 11, 4, 2 ** -40))
  assert.ok(!fitsGrid(NaN, 1, 1) && !fitsGrid(Infinity, 1, 1))
})
