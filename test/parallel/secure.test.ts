/** Secure aggregation: the very sum, of which nobody sees a term. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Communicator } from '../../src/collective/communicator.ts'
import { inprocTransports } from '../../src/collective/inproc.ts'
import { fromFixed, toFixed } from '../../src/parallel/secure/fixedpoint.ts'
import { addMask } from '../../src/parallel/secure/masks.ts'
import { maskedSum, openSum, type Summed } from '../../src/parallel/secure/sum.ts'
import { together, withRanks } from '../collective/ranks.ts'

const inproc = async (size: number) => ({ transports: inprocTransports(size), close: () => {} })

const LENGTH = 16_384

/** What rank `rank` has to add: nothing, but for a few numbers. */
function vectorOf(rank: number): Int32Array {
  const vector = new Int32Array(LENGTH)
  for (let i = 0; i < LENGTH; i += 100) vector[i] = (rank + 1) * (i - 5000)
  return vector
}

interface Case {
  takesPart: boolean[]
  dropped: number[]
}

type Sum = typeof maskedSum

const summed = async (
  sum: Sum,
  { takesPart, dropped }: Case,
  seen?: Int32Array[],
): Promise<(Summed | null)[]> => {
  let results: (Summed | null)[] = []
  await withRanks(inproc, takesPart.length, async comms => {
    const [aggregator, ...others] = comms
    const watched = [seen ? watching(aggregator, seen) : aggregator, ...others]
    results = await together(watched, comm =>
      sum(comm, { vector: vectorOf(comm.rank), takesPart, delivers: !dropped.includes(comm.rank) }),
    )
  })
  return results
}

/** Keeps the vectors that the aggregator receives. */
function watching(comm: Communicator, seen: Int32Array[]): Communicator {
  return new Proxy(comm, {
    get: (target, name) => {
      const value = Reflect.get(target, name, target) as unknown
      if (name !== 'gather') return typeof value === 'function' ? value.bind(target) : value
      return async (array: Int32Array, root: number) => {
        const all = await target.gather(array, root)
        if (array instanceof Int32Array) seen.push(...(all ?? []))
        return all
      }
    },
  })
}

const everybody = (size: number) => Array<boolean>(size).fill(true)

const cases: [name: string, c: Case][] = [
  ['three clients', { takesPart: everybody(3), dropped: [] }],
  ['one of three drops out', { takesPart: everybody(3), dropped: [1] }],
  ['two of five drop out, one of them the aggregator', { takesPart: everybody(5), dropped: [0, 4] }],
  [
    'a sample of six, one of which drops out',
    { takesPart: [false, true, true, false, true, false], dropped: [2] },
  ],
]

describe('masked sums are the open ones, bit for bit, on every rank', () => {
  for (const [name, c] of cases)
    test(name, async () => {
      const open = await summed(openSum, c)
      assert.deepEqual(await summed(maskedSum, c), open)
      const delivered = c.takesPart.flatMap((takes, rank) =>
        takes && !c.dropped.includes(rank) ? [rank] : [],
      )
      const expected = vectorOf(0).map((_, i) => delivered.reduce((sum, rank) => sum + vectorOf(rank)[i], 0))
      for (const result of open) assert.deepEqual(result, { sum: expected, delivered })
    })
})

test('where half drop out nobody learns anything', async () => {
  const c = { takesPart: everybody(4), dropped: [1, 3] }
  assert.deepEqual(await summed(maskedSum, c), [null, null, null, null])
  assert.deepEqual(await summed(openSum, c), [null, null, null, null])
})

/**
 * Chi-square of bytes against uniform ones: 255 degrees of freedom, mean 255, deviation sqrt(510) = 22.6. Beyond 400 is six
 * deviations: once in 10^8 runs.
 */
function chiSquare(vector: Int32Array): number {
  const counts = new Float64Array(256)
  const bytes = new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength)
  for (const byte of bytes) counts[byte]++
  const expected = bytes.length / 256
  return counts.reduce((sum, count) => sum + ((count - expected) * (count - expected)) / expected, 0)
}

test('what the aggregator receives from one client is uniform, and stays so without any one of the others', async () => {
  const seen: Int32Array[] = []
  const result = await summed(maskedSum, { takesPart: everybody(4), dropped: [] }, seen)
  assert.ok(chiSquare(vectorOf(1)) > 1e6) // the test sees what is not
  assert.equal(seen.length, 4)
  for (const vector of seen) assert.ok(chiSquare(vector) < 400, `${chiSquare(vector)}`)
  const add = (vectors: Int32Array[]) => vectors.reduce((sum, v) => sum.map((x, i) => (x + v[i]) | 0))
  for (const left of seen) {
    const others = add(seen.filter(vector => vector !== left))
    assert.ok(chiSquare(others) < 400)
    assert.ok(chiSquare(others.map((x, i) => x - result[0]!.sum[i])) < 400) // nor with the sum, which it knows
  }
  // The pairs' masks have cancelled in what it adds up; the clients' own ones are still there.
  assert.ok(chiSquare(add(seen)) < 400)
})

test('the same vector twice gives unrelated messages', async () => {
  const [first, second]: Int32Array[][] = [[], []]
  const c = { takesPart: everybody(3), dropped: [] }
  await summed(maskedSum, c, first)
  await summed(maskedSum, c, second)
  assert.ok(chiSquare(first[1].map((x, i) => x - second[1][i])) < 400)
})

test('a mask goes as it came; fixed-point numbers are multiples of 2^-24, within their range', () => {
  const vector = Int32Array.of(2 ** 31 - 1, -(2 ** 31), 0, 7)
  const seed = new Uint8Array(32).fill(9)
  const masked = vector.slice()
  addMask(masked, seed, 1)
  assert.notDeepEqual(masked, vector)
  addMask(masked, seed, -1)
  assert.deepEqual(masked, vector)
  assert.deepEqual(
    fromFixed(toFixed(Float64Array.of(0.5, -0.25, 1e9, -1e9, 2 ** -26), 1)),
    Float64Array.of(0.5, -0.25, 64, -64, 0),
  )
  assert.deepEqual(fromFixed(toFixed(Float64Array.of(1), 0.25)), Float64Array.of(0.25))
})
