/** send() and recv(): in order per pair, in place, and beside the collectives. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { PporunError } from '../../src/base/errors.ts'
import type { Communicator } from '../../src/collective/communicator.ts'
import { MismatchError } from '../../src/collective/frame.ts'
import { PeerTimeoutError } from '../../src/collective/transport.ts'
import { contribution, types } from './calls.ts'
import { type Open, range, refusals, sameBits, together, turns, withRanks } from './ranks.ts'

export function pairsConformance(open: Open): void {
  test('everybody sends to everybody, every type and length, at the same time', () =>
    withRanks(open, 4, async comms => {
      await together(comms, async comm => {
        for (const [k, type] of types.entries())
          for (const length of [0, 1, 33, 5000]) {
            const peers = range(comm.size).filter(peer => peer !== comm.rank)
            await Promise.all(peers.map(peer => exchange(comm, peer, type, length, k)))
          }
      })
    }))

  const acts = fc.array(fc.constantFrom('send', 'recv', 'sum'), { maxLength: 30 })

  test('messages keep their order and disturb no collective, however far the sender is ahead', () =>
    fc.assert(
      fc.asyncProperty(acts, fc.nat(3), async (program, delay) => {
        await withRanks(open, 2, async comms => {
          await together(comms, comm => mixed(comm, program, comm.rank * delay))
        })
      }),
      { numRuns: 40 },
    ))

  test("what is sent may be overwritten at once, and a group's messages are its own", () =>
    withRanks(open, 2, async comms => {
      await together(comms, async comm => {
        const group = (await comm.split(0, -comm.rank))! // ranks change places
        const [mine, received] = [new Float64Array(1000).fill(1), new Float64Array(1000)]
        if (comm.rank === 0) {
          await comm.send(mine, 1)
          await group.send(mine.fill(2), 0)
          await comm.send(mine.fill(3), 1)
          mine.fill(Number.NaN)
        } else
          for (const [from, who, expected] of [
            [1, group, 2],
            [0, comm, 1],
            [0, comm, 3],
          ] as const) {
            await who.recv(received, from)
            assert.ok(received.every(x => x === expected))
          }
      })
    }))

  for (const [what, received, names] of [
    ['length', new Float32Array(7), ['rank 1 receives float32 of 7', 'rank 0 sent float32 of 8']],
    ['type', new Int32Array(8), ['rank 1 receives int32 of 8', 'rank 0 sent float32 of 8']],
  ] as const)
    test(`another ${what}: both are named`, () =>
      withRanks(open, 2, async ([zero, one]) => {
        await zero.send(new Float32Array(8), 1)
        const [error] = await refusals([one.recv(received, 0)])
        assert.ok(error instanceof MismatchError)
        for (const name of names)
          assert.ok(error.message.includes(`${name} elements (message #1`), error.message)
        await together([zero, one], comm => comm.barrier())
      }))

  test('a message that does not come: the rank and the message, within the time limit', () =>
    withRanks(
      open,
      3,
      async ([zero, one]) => {
        const [error] = await refusals([zero.recv(new Float32Array(1), 1)])
        assert.ok(error instanceof PeerTimeoutError)
        assert.match(error.message, /^rank 0 waits for recv #1 from rank 1 since \d+\.\d s$/)
        await one.send(Float32Array.of(5), 0)
        const array = new Float32Array(1)
        await zero.recv(array, 1)
        assert.equal(array[0], 5)
      },
      { opTimeout: 0.2 },
    ))

  test('mistakes are refused: no such rank, oneself, a second recv() from a rank, a closed communicator', () =>
    withRanks(open, 2, async comms => {
      const [comm, peer] = comms
      const one = () => new Float32Array(1)
      for (const rank of [-1, 2, 0.5, 0])
        for (const error of await refusals([comm.send(one(), rank), comm.recv(one(), rank)]))
          assert.ok(error instanceof RangeError)
      const waiting = comm.recv(one(), 1)
      assert.match((await refusals([comm.recv(one(), 1)]))[0].message, /^recv from rank 1: another one/)
      await peer.send(one(), 0)
      await waiting
      await together(comms, comm => comm.close())
      for (const error of await refusals([comm.send(one(), 1), comm.recv(one(), 1)])) {
        assert.ok(error instanceof PporunError)
        assert.match(error.message, /^(send|recv): the communicator is closed$/)
      }
    }))
}

async function exchange(
  comm: Communicator,
  peer: number,
  type: (typeof types)[number],
  length: number,
  k: number,
): Promise<void> {
  const received = contribution(type, length, k, comm.rank).fill(0)
  const receiving = comm.recv(received, peer)
  await comm.send(contribution(type, length, k + peer, comm.rank), peer)
  await receiving
  sameBits(received, contribution(type, length, k + comm.rank, peer), `${type}[${length}] from rank ${peer}`)
}

/** Rank 0 sends all at once, rank 1 receives where the program says so, and the rest at its end. */
async function mixed(comm: Communicator, program: string[], delay: number): Promise<void> {
  const peer = 1 - comm.rank
  let [sent, received] = [0, 0]
  const next = async () => {
    const array = new Int32Array(1)
    await comm.recv(array, peer)
    assert.equal(array[0], received++)
  }
  for (const act of program) {
    await turns(delay)
    if (act === 'send') await comm.send(Int32Array.of(sent++), peer)
    else if (act === 'recv' && received < sent) await next()
    else if (act === 'sum') {
      const sum = Float32Array.of(1)
      await comm.allreduce(sum)
      assert.equal(sum[0], 2)
    }
  }
  while (received < sent) await next()
}
