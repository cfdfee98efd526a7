/** Nothing hangs and nothing passes silently: late, absent and confused ranks, aborts, and use after the end. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AbortedError, PporunError } from '../../src/base/errors.ts'
import type { Communicator } from '../../src/collective/communicator.ts'
import { MismatchError } from '../../src/collective/frame.ts'
import { PeerTimeoutError } from '../../src/collective/transport.ts'
import { type Open, refusals, together, withRanks } from './ranks.ts'

type Act = (comm: Communicator) => Promise<unknown>

export function failureConformance(open: Open): void {
  test('two collectives at once: the second is refused and names both', () =>
    withRanks(open, 2, async comms => {
      const first = together(comms, comm => comm.allreduce(new Float32Array(10)))
      const [error] = await refusals([comms[0].barrier()])
      assert.ok(error instanceof PporunError)
      assert.match(error.message, /^barrier: sum #1 is still running/)
      await first
      await together(comms, comm => comm.barrier())
    }))

  test('a peer that never comes: the operation, its number and the rank, within the time limit', async () => {
    const told: string[] = []
    const onTimeout = (op: string, sequence: number, error: PeerTimeoutError) =>
      told.push(`${op} #${sequence} from ${error.from}`)
    await withRanks(
      open,
      3,
      async comms => {
        await together(comms, comm => comm.barrier())
        const start = performance.now()
        const [, error] = await refusals([comms[0].barrier(), comms[2].barrier()])
        assert.ok(performance.now() - start < 2000)
        assert.ok(error instanceof PeerTimeoutError)
        assert.match(error.message, /^waited 0\.[3-9] s for barrier #2 from rank 1$/)
        assert.equal(error.exitStatus, 124)
      },
      { opTimeout: 0.3, onTimeout },
    )
    // Of two that run out of time together either may be the first.
    assert.deepEqual(told.sort(), ['barrier #2 from 1', 'barrier #2 from 2'])
  })

  for (const [what, left, right, ...names] of disagreements)
    test(`${what}: both ranks are told both calls`, () =>
      withRanks(open, 2, async comms => {
        for (const error of await refusals([left(comms[0]), right(comms[1])])) {
          assert.ok(error instanceof MismatchError, error.message)
          for (const name of names) assert.ok(error.message.includes(name), `${name} in: ${error.message}`)
        }
      }))

  test('different roots: whoever receives by another is told', () =>
    withRanks(open, 3, async comms => {
      const roots = [0, 0, 1] // rank 2 waits for rank 1, which sends, as if they agreed
      const calls = comms.map(comm => comm.broadcast(new Float32Array(4), roots[comm.rank]))
      await Promise.all(calls.slice(0, 2))
      assert.ok((await refusals([calls[2]]))[0] instanceof MismatchError)
    }))

  test('layout hashes use all 32 bits', () =>
    withRanks(open, 2, async comms => {
      for (const hash of [0xffffffff, 0x80000000, -1, 1])
        await together(comms, comm => comm.allreduce(new Float32Array(4), 'sum', hash))
    }))

  test('an abort ends the wait under way and every later call', () =>
    withRanks(open, 2, async ([comm]) => {
      const reason = new AbortedError('rank 1 is no more')
      const waiting = refusals([comm.barrier()])
      comm.abort(reason)
      comm.abort(new AbortedError('a consequence'))
      const later: Act[] = [c => c.barrier(), c => c.allgather(new Float32Array(1)), c => c.close()]
      const errors = [...(await waiting)]
      for (const call of later) errors.push(...(await refusals([call(comm)])))
      for (const error of errors) assert.equal(error, reason)
    }))

  test('closed once and again, also at the same time; then every call is an error', () =>
    withRanks(open, 3, async comms => {
      await together(comms, comm => comm.barrier())
      await together(comms, comm => Promise.all([comm.close(), comm.close()]))
      await together(comms, comm => comm.close())
      for (const error of await refusals(comms.map(comm => comm.allreduce(new Float32Array(1))))) {
        assert.ok(error instanceof PporunError)
        assert.equal(error.message, 'sum: the communicator is closed')
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
        assert.ok((await refusals([comms[0].broadcast(new Uint8Array(1), root)]))[0] instanceof RangeError)
      await together(comms, comm => comm.barrier())
    }))
}

const numbers = (n: number): Float32Array => new Float32Array(n)
const twice: Act = async comm => {
  await comm.broadcast(numbers(1), 0) // does not wait for rank 1
  await comm.allreduce(numbers(7))
}

const disagreements: [what: string, left: Act, right: Act, ...names: string[]][] = [
  [
    'operations',
    c => c.barrier(),
    c => c.allreduce(numbers(7)),
    'rank 0 is in barrier #1',
    'rank 1 is in sum #1 (float32 of 7',
  ],
  [
    'reductions',
    c => c.allreduce(numbers(7)),
    c => c.allreduce(numbers(7), 'max'),
    'rank 0 is in sum #1',
    'rank 1 is in max #1',
  ],
  ['lengths', c => c.allreduce(numbers(7)), c => c.allreduce(numbers(8)), 'of 7 elements', 'of 8 elements'],
  [
    'types',
    c => c.allreduce(numbers(7)),
    c => c.allreduce(new Int32Array(7)),
    '(float32 of 7',
    '(int32 of 7',
  ],
  [
    'types gathered',
    c => c.allgather(numbers(7)),
    c => c.allgather(new Uint8Array(7)),
    '(float32, epoch',
    '(uint8, epoch',
  ],
  [
    'layouts',
    c => c.allreduce(numbers(7), 'sum', 0xabc),
    c => c.allreduce(numbers(7), 'sum', 0xdef01234),
    'layout abc',
    'layout def01234',
  ],
  ['numbers of calls', twice, c => c.allreduce(numbers(7)), 'sum #1'],
]
