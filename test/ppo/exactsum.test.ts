import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NonFiniteError } from '../../src/base/errors.ts'
import { GRID_FLOOR, roundToGrid } from '../../src/base/math/exact.ts'
import { part } from '../../src/base/math/parts.ts'
import { STATISTICS } from '../../src/base/statistics.ts'
import { Adam } from '../../src/engine/adam.ts'
import type { Engine, Minibatch, ShardSums } from '../../src/engine/engine.ts'
import { layoutOf, slotLength } from '../../src/engine/layout.ts'
import { everybody } from '../../src/parallel/allreduce.ts'
import { ExactSum } from '../../src/ppo/exactsum.ts'
import { Stopwatch } from '../../src/ppo/stopwatch.ts'
import { inprocCommunicators } from '../ranks/twin.ts'

const layout = layoutOf({
  ...{ observationSize: 2, hidden: [3], activation: 'tanh', sharedTrunk: false },
  ...{ distribution: 'categorical', numActions: 2 },
})
const SHARDS = 6

/** What each shard's gradient is: a number per shard and parameter, times a scale that tests turn. */
type Gradient = (shard: number, i: number) => number

/** An engine whose gradients are given: only the adding up is under test. */
function engineWith(gradient: Gradient, firstShard: number): Engine {
  const unused = () => assert.fail('not part of this test')
  const gradients = ({ numShards, indices }: Minibatch, grid: Float64Array, sums: ShardSums): void => {
    const slot = slotLength(layout)
    sums.gradient.fill(0)
    for (let i = 0; i < numShards * slot; i++) sums.slots[i] = i % slot < STATISTICS ? 1 : 0
    for (let local = 0; local < numShards; local++)
      layout.tensors.forEach(({ offset, size }, k) => {
        for (let i = offset; i < offset + size; i++) {
          const x = gradient(firstShard + indices[local], i)
          const at = local * slot + STATISTICS + k
          sums.slots[at] = Number.isFinite(x) ? Math.max(sums.slots[at], Math.abs(x)) : Number.NaN
          sums.gradient[i] += roundToGrid(x, grid[k])
        }
      })
  }
  const rest = { setParameters: unused, setNormalizer: unused, setRows: unused, act: unused, values: unused }
  return { name: 'given', exact: true, device: 'none', layout, ...rest, gradients }
}

/** Reduces one minibatch after the other on `size` ranks; the gradients of each, the same on all ranks. */
async function reduceAll(
  size: number,
  minibatches: Gradient[],
): Promise<{ bits: string[]; retries: number[] }> {
  const results = await Promise.all(
    inprocCommunicators(size).map(async comm => {
      const { first, last } = part(SHARDS, comm.rank, size)
      let now = minibatches[0]
      const engine = engineWith((shard, i) => now(shard, i), first)
      const grid = new Float64Array(layout.tensors.length).fill(GRID_FLOOR)
      const exactSum = new ExactSum(
        everybody(comm, SHARDS),
        engine,
        new Adam(layout),
        0,
        'exact',
        grid,
        new Stopwatch(),
        (shard, row) => `row ${row} of shard ${shard}`,
      )
      const bits: string[] = []
      const retries: number[] = []
      for (now of minibatches) {
        const { gradient } = await exactSum.reduce({
          numShards: last - first,
          rowsPerShard: 1,
          indices: Int32Array.from({ length: last - first }, (_, i) => i),
        } as Minibatch)
        bits.push(Buffer.from(gradient.slice().buffer).toString('hex'))
        retries.push(exactSum.retries)
      }
      return { bits, retries }
    }),
  )
  for (const result of results) assert.deepEqual(result, results[0])
  return results[0]
}

/** Awkward numbers without a pattern, of either sign. */
const awkward =
  (scale: number): Gradient =>
  (shard, i) =>
    (scale * Math.fround(((shard * 7919 + i * 104729) % 1013) / 1013 - 0.5)) / 3

test('the sum is the same bits for any number of ranks', async () => {
  const minibatches = [awkward(1), awkward(0.7), awkward(1e-3)]
  const one = await reduceAll(1, minibatches)
  for (const size of [2, 3, 4, 6]) assert.deepEqual(await reduceAll(size, minibatches), one)
})

test('a gradient that jumps by 10^9 is computed again on a coarser grid, on all ranks; one that falls is not', async () => {
  const minibatches = [1, 1, 1e9, 1e9, 1, 1].map(awkward)
  const { retries, bits } = await reduceAll(3, minibatches)
  // The first grid is the floor, so the first minibatch always comes twice.
  assert.deepEqual(retries, [1, 1, 2, 2, 2, 2])
  for (const size of [1, 2, 6]) assert.deepEqual(await reduceAll(size, minibatches), { retries, bits })
})

test('the mean is right to the grid', async () => {
  const { bits } = await reduceAll(2, [awkward(1)])
  const mean = new Float64Array(Uint8Array.from(Buffer.from(bits[0], 'hex')).buffer)
  for (let i = 0; i < layout.size; i++) {
    let sum = 0
    for (let shard = 0; shard < SHARDS; shard++) sum += awkward(1)(shard, i)
    assert.ok(Math.abs(mean[i] - sum / SHARDS) < 1e-11)
  }
})

test('NaN in one shard is the same error on all ranks, with tensor and shard', async () => {
  const bad: Gradient = (shard, i) => (shard === 4 && i === layout.tensors[2].offset ? Number.NaN : 1)
  const expected = new RegExp(`gradient of ${layout.tensors[2].name} is NaN in row 0 of shard 4`)
  await assert.rejects(
    reduceAll(3, [bad]),
    error => error instanceof NonFiniteError && expected.test(error.message),
  )
})
