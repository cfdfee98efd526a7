import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  channelOf,
  checkSameCall,
  DType,
  decodeHeader,
  encodeHeader,
  HEADER_BYTES,
  type Header,
  MismatchError,
  Op,
} from '../../src/collective/frame.ts'

const place = { job: 0x0badc0de, epoch: 1 }
const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
const anyHeader: fc.Arbitrary<Header> = fc.record(
  {
    source: int32,
    epoch: int32,
    group: int32,
    sequence: int32,
    step: int32,
    op: int32,
    dtype: int32,
    length: int32,
    layoutHash: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  },
  { noNullPrototype: true },
)

test('a header survives the wire, at any address', () =>
  fc.assert(
    fc.property(anyHeader, int32, fc.nat(7), (header, job, at) => {
      const bytes = new Uint8Array(at + HEADER_BYTES)
      bytes.set(encodeHeader(header, { job }), at)
      assert.deepEqual(decodeHeader(bytes.subarray(at), { job, epoch: header.epoch }), header)
    }),
  ))

test('other bytes are not a header', () => {
  const anyBytes = fc.oneof(
    fc.uint8Array(),
    fc.uint8Array({ minLength: HEADER_BYTES, maxLength: HEADER_BYTES }),
  )
  fc.assert(fc.property(anyBytes, bytes => decodeHeader(bytes, place) === null))
})

test('one bit of the magic, the version, the job or the epoch, or one byte of the length, makes the difference', () => {
  const good = encodeHeader(example, place)
  for (let bit = 0; bit < 160; bit++) {
    if (bit >= 96 && bit < 128) continue // the source
    const bad = good.slice()
    bad[bit >> 3] ^= 1 << (bit & 7)
    assert.equal(decodeHeader(bad, place), null)
  }
  assert.equal(decodeHeader(good.subarray(0, -1), place), null)
  assert.equal(decodeHeader(new Uint8Array([...good, 0]), place), null)
})

test('the bytes are those of version 5', () => {
  const hex =
    '524f5050 05000000 dec0ad0b 03000000 01000000 00000000 07000000 02000000 01000000 01000000 10270000 efbeadde'
  assert.equal(Buffer.from(encodeHeader(example, place)).toString('hex'), hex.replaceAll(' ', ''))
})

const example: Header = {
  source: 3,
  epoch: 1,
  group: 0,
  sequence: 7,
  step: 2,
  op: Op.sum,
  dtype: DType.float32,
  length: 10_000,
  layoutHash: 0xdeadbeef,
}

test('a channel is one group’s collectives, or its send()', () => {
  const channels = [0, 1, 2, 2 ** 31 - 1].flatMap(group =>
    [Op.send, Op.sum].map(op => channelOf({ group, op })),
  )
  assert.equal(new Set(channels).size, channels.length)
  assert.equal(channelOf({ group: 3, op: Op.sum }), channelOf({ group: 3, op: Op.barrier }))
})

test('equal calls pass, whoever sent them', () => checkSameCall(example, { ...example, source: 9 }))

for (const [change, words] of [
  [
    { epoch: 2 },
    'rank 4 is in allreduce #7 (sum, float32 of 10000 elements, layout deadbeef, epoch 2, message 2)',
  ],
  [
    { sequence: 8 },
    'rank 4 is in allreduce #8 (sum, float32 of 10000 elements, layout deadbeef, epoch 1, message 2)',
  ],
  [
    { step: 0 },
    'rank 4 is in allreduce #7 (sum, float32 of 10000 elements, layout deadbeef, epoch 1, message 0)',
  ],
  [
    { op: Op.max },
    'rank 4 is in allreduce #7 (max, float32 of 10000 elements, layout deadbeef, epoch 1, message 2)',
  ],
  [
    { dtype: DType.uint8 },
    'rank 4 is in allreduce #7 (sum, uint8 of 10000 elements, layout deadbeef, epoch 1, message 2)',
  ],
  [
    { length: 10 },
    'rank 4 is in allreduce #7 (sum, float32 of 10 elements, layout deadbeef, epoch 1, message 2)',
  ],
  [{ layoutHash: 0 }, 'rank 4 is in allreduce #7 (sum, float32 of 10000 elements, epoch 1, message 2)'],
  [
    { group: 5 },
    'rank 4 is in allreduce #7 (sum, float32 of 10000 elements, layout deadbeef, epoch 1, group 5, message 2)',
  ],
  [
    { op: Op.allgather, length: -1 },
    'rank 4 is in allgather #7 (float32, layout deadbeef, epoch 1, message 2)',
  ],
  [
    { op: 99 },
    'rank 4 is in unknown(99) #7 (float32 of 10000 elements, layout deadbeef, epoch 1, message 2)',
  ],
] as [Partial<Header>, string][])
  test(`a difference in ${Object.keys(change).join(' and ')} names both calls`, () => {
    const ours =
      'rank 3 is in allreduce #7 (sum, float32 of 10000 elements, layout deadbeef, epoch 1, message 2)'
    assert.throws(
      () => checkSameCall(example, { ...example, ...change, source: 4 }),
      new MismatchError(`ranks are in different calls: ${ours}, but ${words}`),
    )
  })
