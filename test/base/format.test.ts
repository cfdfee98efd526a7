import assert from 'node:assert/strict'
import { test } from 'node:test'
import { duration, thousands } from '../../src/base/format.ts'

test('durations in the two largest units', () => {
  const expected: [seconds: number, text: string][] = [
    [0, '0 s'],
    [59.4, '59 s'],
    [59.6, '1 min 0 s'],
    [61, '1 min 1 s'],
    [3599.7, '1 h 0 min'],
    [7384, '2 h 3 min'],
    [100_000, '27 h 46 min'],
  ]
  for (const [seconds, text] of expected) assert.equal(duration(seconds), text)
})

test('thousands are set apart', () => {
  const expected: [n: number, text: string][] = [
    [0, '0'],
    [999, '999'],
    [999.5, '1 000'],
    [12_345, '12 345'],
    [1_234_567, '1 234 567'],
  ]
  for (const [n, text] of expected) assert.equal(thousands(n), text)
})
