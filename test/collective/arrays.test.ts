import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytesOf, copyOf, dtypeOf, elementsOf, type TypedArray } from '../../src/collective/arrays.ts'
import { DType } from '../../src/collective/frame.ts'

const arrays: TypedArray[] = [
  Float32Array.of(1.5, -0, Number.NaN),
  Float64Array.of(1.5, -0, Number.NaN),
  Int32Array.of(1, -2, 3),
  Uint8Array.of(1, 2, 255),
]

test('elements survive as bytes at any address, in a Buffer too', () => {
  for (const array of arrays)
    for (let at = 0; at < 9; at++) {
      const buffer = Buffer.alloc(at + array.byteLength + 9)
      buffer.set(bytesOf(array), at)
      const elements = elementsOf(buffer.subarray(at, at + array.byteLength), DType[dtypeOf(array)])
      assert.equal(elements.constructor, array.constructor)
      assert.deepEqual([...elements], [...array])
    }
})

test('a copy has memory of its own and the plain type', () => {
  const buffer = Buffer.from('abc')
  const copy = copyOf(buffer)
  buffer.fill(0)
  assert.deepEqual(copy, Uint8Array.of(97, 98, 99))
})

test('other arrays are refused', () => {
  for (const array of [new Uint16Array(1), new Uint8ClampedArray(1), new BigInt64Array(1), [1]])
    assert.throws(() => dtypeOf(array as unknown as Uint8Array), TypeError)
})
