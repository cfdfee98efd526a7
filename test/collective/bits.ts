/** All ranks end with the same bits, and where every sum is exact they do not depend on the number of ranks. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { roundToGrid } from '../../src/base/math/exact.ts'
import { normal } from '../../src/base/math/streams.ts'
import type { Communicator } from '../../src/collective/communicator.ts'
import type { ReduceOp } from '../../src/collective/reduce.ts'
import type { AlgorithmName } from '../../src/collective/table.ts'
import { type Open, range, sameBits, together, withRanks } from './ranks.ts'

const LENGTH = 1009
const SHARDS = 16
const GRID = 2 ** -40

export function bitsConformance(open: Open, names: readonly AlgorithmName[]): void {
  for (const allreduce of names)
    for (const op of ['sum', 'mean'] as const)
      test(`${allreduce}: an inexact ${op} is the same bits on all ranks`, async () => {
        for (const size of [2, 3, 4, 7, 8]) {
          const arrays = await inexact(open, size, allreduce, op)
          const divisor = op === 'mean' ? size : 1
          for (const array of arrays) sameBits(array, arrays[0], 'between ranks')
          const inputs = range(size).map(numbers)
          for (const i of range(LENGTH)) {
            const sum = inputs.reduce((sum, input) => sum + Math.fround(input[i]), 0)
            assert.ok(Math.abs(arrays[0][i] - sum / divisor) < size * 1e-6)
          }
        }
      })

  test('direct and star add in the order of the ranks: the same bits, exact or not', async () => {
    for (const size of [2, 3, 5, 8]) {
      const [direct] = await inexact(open, size, 'direct', 'sum')
      const [star] = await inexact(open, size, 'star', 'sum')
      sameBits(direct, star, `${size} ranks`)
    }
  })

  test('a sum of numbers on a grid is the same bits at every size, by every algorithm', async () => {
    const results: Float64Array[] = []
    for (const allreduce of [...names, 'auto' as const])
      for (const size of [1, 2, 3, 4, 5, 6, 7, 8, 16])
        await withRanks(
          open,
          size,
          async comms => {
            const arrays = comms.map(({ rank }) => sumOfShards(rank, size))
            await together(comms, comm => comm.allreduce(arrays[comm.rank]))
            results.push(...arrays)
          },
          { allreduce },
        )
    for (const result of results) sameBits(result, results[0], 'between sizes and algorithms')
  })

  for (const [op, one, others, expected] of specials)
    test(`${op} of ${show(one)} on any rank and ${show(others)} on the others is ${show(expected)}`, async () => {
      for (const allreduce of names)
        for (const size of [2, 3, 4])
          await withRanks(open, size, comms => special(comms, op, one, others, expected), { allreduce })
    })
}

async function special(
  comms: Communicator[],
  op: ReduceOp,
  one: number,
  others: number,
  expected: number,
): Promise<void> {
  for (const special of range(comms.length)) {
    // More elements than ranks: every rank reduces one first.
    const arrays = comms.map(({ rank }) => new Float32Array(5).fill(rank === special ? one : others))
    await together(comms, comm => comm.allreduce(arrays[comm.rank], op))
    for (const array of arrays) {
      assert.ok(array.every(x => Object.is(x, expected)))
      sameBits(array, arrays[0], 'between ranks')
    }
  }
}

/** Float32 sums that round, by rank. */
async function inexact(
  open: Open,
  size: number,
  allreduce: AlgorithmName,
  op: ReduceOp,
): Promise<Float32Array[]> {
  const arrays = range(size).map(rank => Float32Array.from(numbers(rank)))
  const each = (comm: Communicator) => comm.allreduce(arrays[comm.rank], op)
  await withRanks(open, size, async comms => void (await together(comms, each)), { allreduce })
  return arrays
}

const specials: [op: ReduceOp, one: number, others: number, expected: number][] = [
  ['max', Number.NaN, 1, Number.NaN],
  ['max', 1, Number.NaN, Number.NaN],
  ['max', -0, 0, 0],
  ['max', 0, -0, 0],
  ['max', -0, -0, -0],
  ['max', Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
  ['min', Number.NaN, 1, Number.NaN],
  ['min', 1, Number.NaN, Number.NaN],
  ['min', -0, 0, -0],
  ['min', 0, -0, -0],
  ['min', Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY],
  ['mean', Number.NaN, 1, Number.NaN],
  ['mean', -0, -0, -0],
  ['sum', Number.NaN, 1, Number.NaN],
  ['sum', Number.POSITIVE_INFINITY, 1, Number.POSITIVE_INFINITY],
  ['sum', Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN],
  ['sum', -0, -0, -0],
  ['sum', 0, -0, 0],
]

const show = (x: number): string => (Object.is(x, -0) ? '-0' : String(x))

/** Of many magnitudes and both signs. */
const numbers = (shard: number): Float64Array =>
  new Float64Array(LENGTH).map((_, i) => normal(1, 1, shard, i, 0) * 10 ** -(i % 7))

/** As training does it: a rank rounds each of its shards once and adds them. */
function sumOfShards(rank: number, size: number): Float64Array {
  const sum = new Float64Array(LENGTH)
  const first = (rank: number) => Math.floor((SHARDS * rank) / size)
  for (let shard = first(rank); shard < first(rank + 1); shard++)
    for (const [i, x] of numbers(shard).entries()) sum[i] += roundToGrid(x, GRID)
  return sum
}
