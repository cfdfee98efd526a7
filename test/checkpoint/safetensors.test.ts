import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { PporunError } from '../../src/base/errors.ts'
import { decodeHeader, headerOf, type NamedTensor } from '../../src/checkpoint/safetensors.ts'

const tensors: NamedTensor[] = [
  { name: 'actor.0.weight', shape: [5, 3], offset: 0, size: 15 },
  { name: 'actor.0.bias', shape: [5], offset: 15, size: 5 },
  { name: 'critic.0.weight', shape: [1, 3], offset: 20, size: 3 },
  { name: 'critic.0.bias', shape: [1], offset: 23, size: 1 },
]
const vector = Float32Array.from({ length: 24 }, (_, i) => Math.fround(i / 7 - 3))
const encode = ({ buffer, byteOffset, byteLength }: Float32Array) =>
  Buffer.concat([headerOf(tensors), new Uint8Array(buffer, byteOffset, byteLength)])
const decode = (bytes: Uint8Array) => {
  const { tensors, begin } = decodeHeader(bytes, bytes.length)
  return { tensors, vector: new Float32Array(Uint8Array.from(bytes.subarray(begin)).buffer) }
}
const encoded = encode(vector)

test('what is read is what was written, bit for bit, names and shapes included', () => {
  const odd = Float32Array.from(vector)
  odd.set([Number.NaN, Infinity, -Infinity, -0, 1e-45, 3.4028234663852886e38])
  const read = decode(encode(odd))
  assert.deepEqual(new Uint32Array(read.vector.buffer), new Uint32Array(odd.buffer))
  assert.deepEqual(read.tensors, tensors)
})

test('a view into a larger buffer is written and read like any other', () => {
  const large = new Float32Array(40)
  large.set(vector, 5)
  assert.deepEqual(encode(large.subarray(5, 29)), encoded)
  const bytes = new Uint8Array(encoded.length + 3)
  bytes.set(encoded, 3)
  assert.deepEqual(decode(bytes.subarray(3)).vector, vector)
})

test('the file is what other readers of the format expect', () => {
  const view = new DataView(encoded.buffer, encoded.byteOffset, encoded.byteLength)
  const length = Number(view.getBigUint64(0, true))
  assert.equal((8 + length) % 8, 0)
  const header = JSON.parse(Buffer.from(encoded.subarray(8, 8 + length)).toString('utf8')) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >
  assert.deepEqual(
    Object.keys(header),
    tensors.map(({ name }) => name),
  )
  let end = 0
  for (const { name, shape, offset } of tensors) {
    const { data_offsets, ...rest } = header[name]
    assert.deepEqual(rest, { dtype: 'F32', shape })
    assert.equal(data_offsets[0], end)
    end = data_offsets[1]
    assert.equal(view.getFloat32(8 + length + data_offsets[0], true), vector[offset])
  }
  assert.equal(8 + length + end, encoded.length)
})

test('a file cut anywhere is refused', () => {
  for (let length = 0; length < encoded.length; length++) refused(encoded.subarray(0, length))
})

test('a foreign file is refused, whatever is in it', () => {
  refused(Buffer.from('PK\x03\x04 this is a zip, or so it says, and long enough to hold a header'))
  refused(Buffer.alloc(encoded.length))
  for (const header of ['not json', 'null', '7', '{"a": null}', '{"a": {}}', '{"a": {"dtype": "F32"}}'])
    refused(withHeader(header))
  const header = Buffer.from(encoded.subarray(8, 8 + headerLength())).toString('utf8')
  refused(withHeader(header.replace('"F32"', '"F16"')))
  refused(withHeader(header.replace('[0,60]', '[0,61]')))
  refused(withHeader(header.replace('[0,60]', '[-4,56]')))
  refused(withHeader(header.replace('[5,3]', '[5,4]')))
})

test('any bytes give tensors that fit or a PporunError', () => {
  fc.assert(
    fc.property(fc.nat(encoded.length - 1), fc.uint8Array({ minLength: 1, maxLength: 12 }), (at, noise) => {
      const bytes = Uint8Array.from(encoded)
      bytes.set(noise.subarray(0, encoded.length - at), at)
      try {
        const read = decode(bytes)
        for (const { offset, size } of read.tensors)
          assert.ok(offset >= 0 && size >= 0 && offset + size <= read.vector.length)
      } catch (error) {
        assert.ok(error instanceof PporunError, (error as Error).stack)
      }
    }),
    { numRuns: 500 },
  )
})

const headerLength = () => Number(Buffer.from(encoded).readBigUInt64LE(0))

/** The right data behind another header. */
function withHeader(json: string): Uint8Array {
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(json.length))
  return Buffer.concat([length, Buffer.from(json), encoded.subarray(8 + headerLength())])
}

function refused(bytes: Uint8Array): void {
  assert.throws(
    () => decode(bytes),
    (error: Error) => {
      assert.ok(error instanceof PporunError, error.stack)
      return true
    },
  )
}
