/** Nothing hangs and nothing passes silently: late and absent ranks, mistakes, aborts, and use after the end. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AbortedError, PporunError, type Wait } from '../../src/base/errors.ts'
import type { Communicator } from '../../src/collective/communicator.ts'
import type { ReduceOp } from '../../src/collective/reduce.ts'
import { type PeerError, PeerTimeoutError } from '../../src/collective/transport.ts'
import { type Open, refusals, together, withRanks } from './ranks.ts'

type Act = (comm: Communicator) => Promise<unknown>

export function failureConformance(open: Open): void {
  test('two collectives at once: the second is refused and names both', () =>
    withRanks(open, 2, async comms => {
      const first = together(comms, comm => comm.allreduce(new Float32Array(10)))
      const [error] = await refusals([comms[0].barrier()])
      assert.ok(error instanceof PporunError)
      assert.match(error.message, /^barrier: allreduce #1 is still running/)
      await first
      await together(comms, comm => comm.barrier())
    }))

  test('a peer that never comes: the operation, its number and the rank, within the time limit', async () => {
    const told: string[] = []
    const judge = async (error: PeerError, { op, sequence, from }: Wait) => {
      assert.ok(error instanceof PeerTimeoutError)
      told.push(`${op} #${sequence} from ${from}`)
      return null
    }
    await withRanks(
      open,
      3,
      async comms => {
        await together(comms, comm => comm.barrier())
        const start = performance.now()
        const [, error] = await refusals([comms[0].barrier(), comms[2].barrier()])
        const took = performance.now() - start
        assert.ok(took >= 300 && took < 10_000, `${took} ms`)
        assert.ok(error instanceof PeerTimeoutError)
        assert.match(
          error.message,
          /^rank 2 waits for (message \d of )?barrier #2 from rank 1 since \d+\.\d s$/,
        )
        assert.equal(error.exitStatus, 124)
      },
      { opTimeout: 0.3, judge },
    )
    // Of two that run out of time together either may be the first; in a ring one waits for the other.
    assert.equal(told.length, 2)
    assert.ok(told.includes('barrier #2 from 1') && told.every(text => /^barrier #2 from [12]$/.test(text)))
  })

  test('an abort ends the wait under way and every later call', () =>
    withRanks(open, 2, async ([comm]) => {
      const reason = new AbortedError('rank 1 is no more')
      const waiting = refusals([comm.barrier()])
      comm.abort(reason)
      comm.abort(new AbortedError('a consequence'))
      const later: Act[] = [c => c.barrier(), c => c.allgather(new Float32Array(1)), c => c.close()]
      const errors = [...(await waiting)]
      for (const call of later) errors.push(...(await refusals([call(comm)])))
      for (const [k, error] of errors.entries()) {
        assert.ok(error instanceof AbortedError)
        const op = k === 2 ? 'allgather' : 'barrier'
        // In memory there are no messages, and who is told at once has not looked for whom to wait.
        const waits = `rank 0 waits for (message 0 of )?${op} #${k + 1}( from rank 1)? since \\d+\\.\\d s`
        assert.match(error.message, new RegExp(`^${waits}; rank 1 is no more$`))
        assert.equal(error.wait?.op, op)
        assert.equal(error.wait?.sequence, k + 1)
      }
    }))

  test('what the launcher finds out about a wait becomes the error', async () => {
    await withRanks(
      open,
      2,
      async ([comm]) => {
        const [error] = await refusals([comm.recv(new Float32Array(1), 1)])
        assert.ok(error instanceof AbortedError)
        assert.match(
          error.message,
          /^rank 0 \(here, pid 7\) waits for recv #1 from rank 1 since \d+\.\d s; rank 1 sleeps$/,
        )
      },
      { opTimeout: 0.2, who: 'rank 0 (here, pid 7)', judge: async () => new AbortedError('rank 1 sleeps') },
    )
  })

  test('closed once and again, also at the same time; then every call is an error', () =>
    withRanks(open, 3, async comms => {
      await together(comms, comm => comm.barrier())
      await together(comms, comm => Promise.all([comm.close(), comm.close()]))
      await together(comms, comm => comm.close())
      for (const error of await refusals(comms.map(comm => comm.allreduce(new Float32Array(1))))) {
        assert.ok(error instanceof PporunError)
        assert.equal(error.message, 'allreduce: the communicator is closed')
      }
      assert.ok(comms.every(comm => comm.closed))
    }))

  test('close() waits for all ranks, and lets go also when they do not come', () =>
    withRanks(
      open,
      2,
      async ([comm]) => {
        const [error] = await refusals([comm.close()])
        assert.ok(error instanceof PeerTimeoutError)
        assert.match((await refusals([comm.barrier()]))[0].message, /is closed/)
      },
      { opTimeout: 0.2 },
    ))

  test('a mistake of one rank that nothing was sent for leaves it in step', () =>
    withRanks(open, 2, async comms => {
      const words = new Uint16Array(4) as unknown as Uint8Array
      assert.ok((await refusals([comms[0].allreduce(words)]))[0] instanceof TypeError)
      for (const root of [-1, 2, 0.5, Number.NaN])
        for (const error of await refusals([
          comms[0].broadcast(new Uint8Array(1), root),
          comms[0].gather(new Uint8Array(1), root),
        ]))
          assert.ok(error instanceof RangeError)
      for (const [array, op, message] of [
        [new Int32Array(4), 'mean', /^a mean of whole numbers is not whole/],
        [new Uint8Array(4), 'mean', /^a mean of whole numbers is not whole/],
        [new Float32Array(4), 'prod' as ReduceOp, /^no reduction 'prod': there are sum, mean, max, min$/],
      ] as const)
        for (const error of await refusals([
          comms[0].allreduce(array, op),
          comms[0].reduceScatter(array, op),
        ])) {
          assert.ok(error instanceof TypeError)
          assert.match(error.message, message)
        }
      await together(comms, comm => comm.barrier())
    }))
}
