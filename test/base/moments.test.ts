import assert from 'node:assert/strict'
import { test } from 'node:test'
import { momentsOf, standardDeviation } from '../../src/base/math/moments.ts'

test('moments of picked rows', () => {
  const values = Float32Array.of(100, 2, 4, 4, 4, 5, 5, 7, 9, 100)
  const moments = momentsOf(values, Int32Array.of(8, 7, 6, 5, 4, 3, 2, 1))
  assert.deepEqual(moments, { count: 8, mean: 5, m2: 32 })
  assert.equal(standardDeviation(moments), Math.sqrt(32 / 7))
})

test('one row has no deviation', () => {
  assert.equal(standardDeviation(momentsOf(Float32Array.of(3), Int32Array.of(0))), 0)
})

test('values far from zero lose nothing to cancellation', () => {
  const values = Float32Array.of(8388607, 8388608, 8388609)
  assert.equal(standardDeviation(momentsOf(values, Int32Array.of(0, 1, 2))), 1)
})
