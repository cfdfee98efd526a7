import assert from 'node:assert/strict'

export function near(actual: number, expected: number, tolerance: number): void {
  const error = Math.abs(actual - expected)
  assert.ok(error <= tolerance, `${actual} is not ${expected}: ${error} off, ${tolerance} allowed`)
}

export function allNear(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  assert.equal(actual.length, expected.length)
  for (let i = 0; i < actual.length; i++) near(actual[i], expected[i], tolerance)
}

/** The largest magnitude. */
export function largestOf(x: Float64Array | Float32Array): number {
  let largest = 0
  for (const element of x) largest = Math.max(largest, Math.abs(element))
  return largest
}
