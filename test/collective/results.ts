/** Every collective gives what its name says. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Call, ops, perform, types } from './calls.ts'
import { type Open, range, together, turns, withRanks } from './ranks.ts'

export function resultsConformance(open: Open): void {
  for (const size of [1, 2, 3, 4, 5, 6, 7, 8, 16])
    test(`${size} ranks: every collective, type and length, every root`, () =>
      withRanks(open, size, async comms => {
        for (const [k, call] of callsOf(size).entries()) await together(comms, comm => perform(comm, call, k))
      }))

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

function callsOf(size: number): Call[] {
  const lengths = [0, 1, size - 1, size, size + 1, 997, 10_000]
  const reducing = ops.flatMap(op =>
    types.flatMap(type => lengths.map(length => ({ op, type, length, root: length % size }))),
  )
  const broadcasts = range(size).map(
    root => ({ op: 'broadcast', type: 'float32', length: 100, root }) as const,
  )
  return [...reducing, ...broadcasts]
}
