/**
 * Whose memory an array is: the caller's own, whatever its place in a buffer, from the moment the promise
 * resolves; nothing that is done to it reaches another rank (ARCHITECTURE decision 12).
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { uniform } from '../../src/base/math/streams.ts'
import { bytesOf, type TypedArray } from '../../src/collective/arrays.ts'
import type { Communicator } from '../../src/collective/communicator.ts'
import { type Open, range, sameBits, together, withRanks } from './ranks.ts'

const POISON = 255

export function ownershipConformance(open: Open): void {
  test('parts of a buffer, also at odd addresses; what is around them stays', () =>
    withRanks(open, 3, async comms => {
      const views: (() => TypedArray)[] = [
        ...[4, 8, 12].map(at => () => new Float32Array(guarded(), at, 101)),
        ...[8, 24].map(at => () => new Float64Array(guarded(), at, 101)),
        ...[4, 20].map(at => () => new Int32Array(guarded(), at, 101)),
        ...[1, 2, 3, 5].map(at => () => new Uint8Array(guarded(), at, 101)),
        () => Buffer.from(guarded(), 3, 101),
        () => new Float32Array(new SharedArrayBuffer(1000), 4, 101),
      ]
      for (const view of views) await together(comms, comm => useView(comm, view))
    }))

  test('arrays overwritten at once after a collective, 80 rounds of 129 bytes to 1 MB', () =>
    withRanks(open, 3, async comms => {
      await together(comms, async comm => {
        for (let round = 0; round < 80; round++) await poisonedRound(comm, round)
      })
    }))

  test("a payload is the caller's again when send() returns", async () => {
    const { transports, close } = await open(2)
    const place = { source: 0, epoch: 1, group: 0, sequence: 1, step: 0 }
    const header = { ...place, op: 1, dtype: 4, length: 0, layoutHash: 0 }
    for (let round = 0; round < 50; round++) {
      const payload = new Uint8Array(lengthOf(round)).fill(1)
      transports[0].send(1, { header, payload })
      payload.fill(POISON)
      const received = await transports[1].recv(0, 0, 10)
      sameBits(new Uint8Array(received.payload), new Uint8Array(payload.length).fill(1), `round ${round}`)
    }
    await close()
  })

  test("what allgather returns is no one else's", () =>
    withRanks(open, 2, async comms => {
      const mine = Buffer.from('shared?') // its slice() would share memory
      const gathered = await together(comms, comm => comm.allgather<Uint8Array>(mine))
      mine.fill('x')
      gathered[0][0].fill(POISON)
      assert.equal(Buffer.from(gathered[0][1]).toString(), 'shared?')
      assert.equal(Buffer.from(gathered[1][0]).toString(), 'shared?')
      assert.equal(Buffer.from(gathered[1][1]).toString(), 'shared?')
    }))
}

const guarded = (): ArrayBuffer => new Uint8Array(1000).fill(POISON).buffer

async function useView(comm: Communicator, view: () => TypedArray): Promise<void> {
  const sum = view()
  const around = bytesOf(new Uint8Array(sum.buffer)).slice()
  sum.fill(comm.rank + 1)
  await comm.allreduce(sum)
  assert.ok(sum.every(x => x === 6))
  const copy = view().fill(comm.rank)
  await comm.broadcast(copy, 1)
  assert.ok(copy.every(x => x === 1))
  const gathered = await comm.allgather(view().fill(comm.rank))
  for (const [rank, array] of gathered.entries())
    assert.ok(array.length === 101 && array.every(x => x === rank))
  around.set(bytesOf(sum), sum.byteOffset)
  sameBits(new Uint8Array(sum.buffer), around, 'the buffer around the view')
}

/** Below POISON; other ranks and rounds have others. */
const markOf = (round: number, rank: number): number => (round * 31 + rank * 17) % 250

/** 129 bytes, from which on ZeroMQ sends by reference, to 1 MB, spread evenly over the magnitudes. */
function lengthOf(round: number): number {
  return Math.round(129 * (1_048_576 / 129) ** uniform(5, 1, round, 0, 0))
}

async function poisonedRound(comm: Communicator, round: number): Promise<void> {
  const { rank, size } = comm
  const of = (peer: number) => new Uint8Array(lengthOf(round)).fill(markOf(round, peer))
  const what = `round ${round}, rank ${rank}`

  const largest = of(rank)
  await comm.allreduce(largest, 'max')
  const expected = Math.max(...range(size).map(peer => markOf(round, peer)))
  sameBits(largest, of(0).fill(expected), `${what}, max`)
  largest.fill(POISON)

  // Not promised, but so it is: what is sent may even be overwritten as soon as the call has begun.
  const mine = of(rank)
  const gathering = comm.allgather(mine)
  mine.fill(POISON)
  for (const [peer, array] of (await gathering).entries()) {
    sameBits(array, of(peer), `${what}, allgather of ${peer}`)
    array.fill(POISON)
  }

  const root = round % size
  const copy = of(rank)
  const sending = comm.broadcast(copy, root)
  if (rank === root) copy.fill(POISON)
  await sending
  if (rank !== root) sameBits(copy, of(root), `${what}, broadcast`)
  copy.fill(POISON)
}
