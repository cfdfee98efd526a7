/** split(): communicators of parts of the ranks, over one transport, that never get each other's frames. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Communicator } from '../../src/collective/communicator.ts'
import { MismatchError } from '../../src/collective/frame.ts'
import { PeerTimeoutError } from '../../src/collective/transport.ts'
import { type Open, range, refusals, together, turns, withRanks } from './ranks.ts'

export function groupConformance(open: Open): void {
  const claims = fc.array(fc.tuple(fc.integer({ min: -1, max: 2 }), fc.integer({ min: -2, max: 2 })), {
    minLength: 1,
    maxLength: 6,
  })

  test('ranks by key, then by rank; who gives a negative color takes no part', () =>
    fc.assert(
      fc.asyncProperty(claims, async claims => {
        await withRanks(open, claims.length, async comms => {
          await together(comms, comm => splitAndCheck(comm, claims))
        })
      }),
      { numRuns: 40 },
    ))

  test('collectives of groups and of all, in any interleaving, two levels deep', () =>
    withRanks(open, 6, async comms => {
      await together(comms, async comm => {
        const half = (await comm.split(comm.rank % 2))!
        const pair = (await half.split(half.rank >> 1))!
        for (const round of range(100)) {
          await turns((round * 7 + comm.rank * 3) % 4)
          // A rank may be in all three at the same time.
          const sums = await Promise.all([comm, half, pair].map(group => sumOf(group, comm.rank + round)))
          assert.deepEqual(sums, expected(comm.rank, round))
        }
      })
    }))

  test('a group of one, and who they are: sizes, local ranks, transport', () =>
    withRanks(open, 3, async comms => {
      await together(comms, async comm => {
        const alone = (await comm.split(comm.rank))!
        assert.deepEqual([alone.rank, alone.size, alone.localRank, alone.localSize], [0, 1, 0, 1])
        // Groups go over messages.
        assert.equal(alone.transport, comm.transport.replace('shm', 'inproc').split('+')[0])
        assert.equal(await sumOf(alone, 5), 5)
        await alone.close()
      })
    }))

  test('local ranks count the members on the same host', () =>
    withRanks(
      open,
      4,
      async comms => {
        const places = await together(comms, async comm => {
          const group = (await comm.split(comm.rank === 3 ? 1 : 0, -comm.rank))!
          return [group.rank, group.localRank, group.localSize]
        })
        assert.deepEqual(places, [
          [2, 1, 2],
          [1, 0, 2],
          [0, 0, 1],
          [0, 0, 1],
        ])
      },
      { nodes: [0, 0, 1, 1] },
    ))

  test('a wait in a group names the rank in the job, the group and the call', () =>
    withRanks(
      open,
      4,
      async comms => {
        const groups = await together(comms, comm => comm.split(comm.rank % 2))
        const [error] = await refusals([groups[1]!.barrier()])
        assert.ok(error instanceof PeerTimeoutError)
        assert.match(
          error.message,
          /^rank 1 waits for message 0 of barrier #1 of group 1 from rank 3 since \d+\.\d s$/,
        )
        assert.equal(error.peer, 3)
      },
      { opTimeout: 0.2 },
    ))

  test('a mismatch in a group names ranks of the job', () =>
    withRanks(open, 4, async comms => {
      const groups = await together(comms, comm => comm.split(comm.rank % 2))
      const calls = [groups[1]!.barrier(), groups[3]!.allreduce(new Float32Array(3))]
      for (const error of await refusals(calls)) {
        assert.ok(error instanceof MismatchError)
        for (const part of ['rank 1 is in barrier #1', 'rank 3 is in allreduce #1', 'group 1'])
          assert.ok(error.message.includes(part), error.message)
      }
    }))

  test('closing a group leaves the others open; closing the communicator of all closes every one', () =>
    withRanks(open, 4, async comms => {
      const groups = (await together(comms, comm => comm.split(comm.rank >> 1))) as Communicator[]
      const others = (await together(comms, comm => comm.split(0))) as Communicator[]
      await together(groups, group => Promise.all([group.close(), group.close()]))
      for (const error of await refusals(groups.map(group => group.barrier())))
        assert.equal(error.message, 'barrier: the communicator is closed')
      await together(comms, comm => sumOf(comm, 1))
      await together(others, group => sumOf(group, 1))
      await together(comms, comm => comm.close())
      for (const error of await refusals(others.map(group => group.barrier())))
        assert.equal(error.message, 'barrier: the communicator is closed')
      await together(others, group => group.close())
    }))

  test('two splits at once, and colors that are no integers, are refused; the ranks stay in step', () =>
    withRanks(open, 2, async comms => {
      await together(comms, async comm => {
        const first = comm.split(0)
        assert.match((await refusals([comm.split(0)]))[0].message, /^split: another one is still running/)
        const group = (await first)!
        for (const [color, key] of [
          [0.5, 0],
          [0, Number.NaN],
          [2 ** 31, 0],
        ])
          assert.ok((await refusals([comm.split(color, key)]))[0] instanceof RangeError)
        assert.equal(await sumOf(group, 1), 2)
      })
    }))
}

/** The group must be what sorting the claims says. */
async function splitAndCheck(comm: Communicator, claims: [color: number, key: number][]): Promise<void> {
  const [color, key] = claims[comm.rank]
  const group = await comm.split(color, key)
  const members = range(claims.length)
    .filter(rank => claims[rank][0] === color)
    .sort((a, b) => claims[a][1] - claims[b][1] || a - b)
  if (color < 0) assert.equal(group, null)
  else {
    const gathered = await group!.allgather(Int32Array.of(comm.rank, group!.rank))
    assert.deepEqual(
      gathered.map(pair => [...pair]),
      members.map((rank, at) => [rank, at]),
    )
  }
  await comm.barrier()
}

async function sumOf(group: Communicator, value: number): Promise<number> {
  const sum = Float64Array.of(value, value)
  await group.allreduce(sum)
  return sum[1]
}

/** Sums over all six ranks, over those of this one's parity, and over its pair or triple's part of these. */
function expected(rank: number, round: number): number[] {
  const all = range(6)
  const half = all.filter(peer => peer % 2 === rank % 2)
  const pair = half.filter((_, at) => at >> 1 === half.indexOf(rank) >> 1)
  return [all, half, pair].map(ranks => ranks.reduce((sum, peer) => sum + peer + round, 0))
}
