import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BLOCK, sinCos } from '../../src/base/math/angles.ts'
import { cos, sin } from '../../src/base/math/elementary.ts'
import { Purpose, uniforms } from '../../src/base/math/streams.ts'

test('many sines and cosines are those of one angle each', () => {
  const [angles, sines, cosines] = [0, 1, 2].map(() => new Float64Array(BLOCK))
  for (const [event, range] of [0.5, 4, 50, 1e5, 1e9].entries()) {
    uniforms(angles, 1, Purpose.init, 0, event)
    for (let i = 0; i < BLOCK; i++) angles[i] = (2 * angles[i] - 1) * range
    angles.set([0, NaN, Infinity, Math.PI, -Math.PI / 2], 7)
    sinCos(angles, BLOCK, sines, cosines)
    assert.deepEqual(sines, angles.map(sin))
    assert.deepEqual(cosines, angles.map(cos))
  }
})

test('no more are written than asked for', () => {
  const [sines, cosines] = [new Float64Array(4).fill(9), new Float64Array(4).fill(9)]
  sinCos(new Float64Array(4), 3, sines, cosines)
  assert.deepEqual([...sines, ...cosines], [0, 0, 0, 9, 1, 1, 1, 9])
})
