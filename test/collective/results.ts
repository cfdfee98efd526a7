/** Every collective gives what its name says. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Communicator } from '../../src/collective/communicator.ts'
import type { DTypeName } from '../../src/collective/frame.ts'
import type { AlgorithmName } from '../../src/collective/table.ts'
import { type Call, exists, moving, perform, reducing, types } from './calls.ts'
import { type Open, range, together, turns, withRanks } from './ranks.ts'

export function resultsConformance(open: Open, names: readonly AlgorithmName[]): void {
  for (const size of sizes) {
    test(`${size} ranks: every collective that moves arrays, every type, length and root`, () =>
      withRanks(open, size, comms => performAll(comms, movingCalls(size))))
    for (const allreduce of names)
      test(`${size} ranks, ${allreduce}: every reduction, type and length`, () =>
        withRanks(open, size, comms => performAll(comms, reducingCalls(size)), { allreduce }))
  }

  test('allgather of equal lengths', () =>
    withRanks(open, 5, async comms => {
      const gathered = await together(comms, comm => comm.allgather(Int32Array.of(comm.rank, -comm.rank)))
      for (const arrays of gathered)
        assert.deepEqual(
          arrays,
          range(5).map(rank => Int32Array.of(rank, -rank)),
        )
    }))

  for (const late of range(4))
    test(`nobody passes a barrier before rank ${late} has come to it`, () =>
      withRanks(open, 4, async comms => {
        const events: string[] = []
        await together(comms, async comm => {
          if (comm.rank === late) {
            await turns(300)
            events.push('late')
          }
          await comm.barrier()
          events.push('passed')
        })
        assert.deepEqual(events, ['late', 'passed', 'passed', 'passed', 'passed'])
      }))

  test('a communicator says who it is, and how long it has spent', () =>
    withRanks(open, 3, async comms => {
      assert.deepEqual(
        comms.map(comm => [comm.rank, comm.size, comm.localRank, comm.localSize]),
        [
          [0, 3, 0, 3],
          [1, 3, 1, 3],
          [2, 3, 2, 3],
        ],
      )
      await together(comms, comm => comm.barrier())
      for (const comm of comms) assert.ok(comm.elapsed > 0 && comm.elapsed < 5000)
    }))
}

const sizes = [1, 2, 3, 4, 7, 8, 16]

async function performAll(comms: Communicator[], calls: Call[]): Promise<void> {
  for (const [k, call] of calls.entries()) await together(comms, comm => perform(comm, call, k))
}

function movingCalls(size: number): Call[] {
  const lengths = [0, 1, size + 1, 997]
  const all = moving.flatMap(op =>
    types.flatMap(type => lengths.map(length => ({ op, type, length, root: length % size }))),
  )
  const rooted = range(size).flatMap(root =>
    (['broadcast', 'gather'] as const).map(op => ({ op, type: 'float32', length: 100, root }) as const),
  )
  return [...all, ...rooted]
}

/** Lengths around the number of ranks: some slices are empty. */
function reducingCalls(size: number): Call[] {
  const lengths = size > 8 ? [1, size + 1] : [0, 1, size - 1, size + 1, 997]
  const calls = (type: DTypeName) =>
    reducing.flatMap(op => lengths.map(length => ({ op, type, length, root: 0 })))
  return [...types.flatMap(calls).filter(exists), { op: 'sum', type: 'float64', length: 10_000, root: 0 }]
}
