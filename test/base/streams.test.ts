import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shuffle } from '../../src/base/math/shuffle.ts'
import { normal, Purpose, permutation, philox, uniform, uniforms } from '../../src/base/math/streams.ts'

/** Counter, key and block: kat_vectors of the authors' Random123. */
const answers: [number[], number[], string][] = [
  [[0, 0, 0, 0], [0, 0], '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
  [
    [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    [0xffffffff, 0xffffffff],
    '408f276d 41c83b0e a20bc7c6 6d5451fd',
  ],
  [
    [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    [0xa4093822, 0x299f31d0],
    'd16cfe09 94fdcceb 5001e420 24126ea1',
  ],
]

function blockOf(counter: number[], key: number[]): number[] {
  const out = new Uint32Array(4)
  philox(out, counter[0], counter[1], counter[2], counter[3], key[0], key[1])
  return [...out]
}

test('philox gives the known answers', () => {
  for (const [counter, key, expected] of answers) {
    const words = blockOf(counter, key).map(word => word.toString(16).padStart(8, '0'))
    assert.equal(words.join(' '), expected)
  }
})

test('a uniform is 53 bits of the block at [draw, event, id, purpose] under both halves of the seed', () => {
  const seed = 3 * 2 ** 32 + 0xdeadbeef
  const [first, second] = blockOf([7, 6, 5, 4], [0xdeadbeef, 3])
  const expected = (BigInt(first >>> 5) << 26n) | BigInt(second >>> 6)
  assert.equal(uniform(seed, 4, 5, 6, 7), Number(expected) / 2 ** 53)
})

test('each of seed, purpose, id, event and draw makes another number', () => {
  const numbers = [
    uniform(1, 2, 3, 4, 5),
    uniform(1 + 2 ** 32, 2, 3, 4, 5),
    uniform(2, 2, 3, 4, 5),
    uniform(1, 1, 3, 4, 5),
    uniform(1, 2, 4, 4, 5),
    uniform(1, 2, 3, 3, 5),
    uniform(1, 2, 3, 4, 6),
  ]
  assert.equal(new Set(numbers).size, numbers.length)
})

test('uniforms fill [0, 1) evenly', () => {
  const n = 100_000
  const bins = new Float64Array(100)
  for (let i = 0; i < n; i++)
    bins[Math.floor(100 * uniform(9, Purpose.action, i % 8, Math.floor(i / 8), 0))]++
  const chiSquare = bins.reduce((sum, count) => sum + (count - n / 100) ** 2 / (n / 100), 0)
  assert.ok(chiSquare > 60 && chiSquare < 150, `chi square ${chiSquare}, 99 degrees of freedom`)
})

test('normals have the moments of the normal distribution', () => {
  const n = 100_000
  const sums = [0, 0, 0, 0]
  for (let i = 0; i < n; i++) {
    const x = normal(9, Purpose.init, 1, 0, i)
    for (let power = 1; power <= 4; power++) sums[power - 1] += x ** power / n
  }
  const [mean, square, cube, fourth] = sums
  assert.ok(Math.abs(mean) < 0.015 && Math.abs(square - 1) < 0.02, `${mean}, ${square}`)
  assert.ok(Math.abs(cube) < 0.06 && Math.abs(fourth - 3) < 0.15, `${cube}, ${fourth}`)
})

test('a permutation holds every index once, and every order is equally likely', () => {
  const large = new Int32Array(1000)
  permutation(large, 1, Purpose.shuffle, 2, 3)
  assert.deepEqual(
    [...large].sort((a, b) => a - b),
    Array.from({ length: 1000 }, (_, i) => i),
  )
  const counts = new Map<string, number>()
  const small = new Int32Array(4)
  for (let event = 0; event < 24_000; event++) {
    permutation(small, 1, Purpose.shuffle, 0, event)
    counts.set(small.join(), (counts.get(small.join()) ?? 0) + 1)
  }
  assert.equal(counts.size, 24)
  for (const [order, count] of counts) assert.ok(Math.abs(count - 1000) < 150, `${order}: ${count}`)
})

test('several numbers at once: in [0, 1), even, unrelated to those of another event', () => {
  const [draws, others] = [new Float64Array(10_001), new Float64Array(10_001)]
  uniforms(draws, 7, Purpose.reset, 0, 0)
  uniforms(others, 7, Purpose.reset, 0, 1)
  assert.ok(draws.every(draw => draw >= 0 && draw < 1))
  assert.equal(new Set([...draws, ...others]).size, 20_002)
  const mean = draws.reduce((sum, draw) => sum + draw / draws.length, 0)
  assert.ok(Math.abs(mean - 0.5) < 0.01)
})

test('these numbers never change: runs of any version with equal seeds are equal', () => {
  const order = new Int32Array(8)
  permutation(order, 42, Purpose.shuffle, 1, 2)
  const draws = new Float64Array(5)
  uniforms(draws, 42, Purpose.reset, 3, 4)
  const golden = [
    draws[4],
    uniform(42, Purpose.reset, 3, 4, 5),
    normal(42, Purpose.init, 3, 0, 5),
    order.join(),
  ]
  assert.deepEqual(golden, [0.7208270924165845, 0.1824902264447681, 0.24694141606021172, '1,5,6,7,2,3,0,4'])
})

test('shuffle gives every shard its permutation', () => {
  const seed = 5 * 2 ** 32 + 0xfedcba98
  for (const [numShards, rows] of [
    [1, 1],
    [3, 2],
    [2, 7],
    [4, 8],
    [8, 33],
    [2, 1000],
  ]) {
    const order = new Int32Array(numShards * rows)
    shuffle(order, numShards, seed, Purpose.shuffle, 11)
    const expected = Array.from({ length: numShards }, (_, shard) => {
      const own = new Int32Array(rows)
      permutation(own, seed, Purpose.shuffle, shard, 11)
      return [...own]
    })
    assert.deepEqual([...order], expected.flat(), `${numShards} shards of ${rows} rows`)
  }
})
