/** Any program of collectives, however the ranks' steps interleave, gives what the reference gives. */
import { test } from 'node:test'
import fc from 'fast-check'
import { allreduceChoices } from '../../src/base/contract.ts'
import { uniform } from '../../src/base/math/streams.ts'
import type { Communicator } from '../../src/collective/communicator.ts'
import { type Call, exists, moving, perform, reducing, types } from './calls.ts'
import { type Open, together, turns, withRanks } from './ranks.ts'

/** The million is the soak suite’s. */
const CALLS = 1000
const ops = [...reducing, ...moving]
const SIZE = 4

export function randomConformance(open: Open): void {
  test(`${CALLS} random calls by ranks that are late at random`, () =>
    withRanks(open, SIZE, async comms => {
      await together(comms, async comm => {
        for (let k = 0; k < CALLS; k++) {
          await turns(delay(k, comm.rank))
          await perform(comm, randomCall(k), k)
        }
      })
    }))

  const call = (size: number): fc.Arbitrary<Call> =>
    fc
      .record({
        op: fc.constantFrom(...ops),
        type: fc.constantFrom(...types),
        length: fc.oneof(fc.nat(20), fc.nat(3000)),
        root: fc.nat(size - 1),
      })
      .filter(exists)
  const program = fc.integer({ min: 1, max: 6 }).chain(size =>
    fc.record({
      allreduce: fc.constantFrom(...allreduceChoices),
      calls: fc.array(call(size), { maxLength: 12 }),
      delays: fc.array(fc.array(fc.nat(4), { minLength: 12, maxLength: 12 }), {
        minLength: size,
        maxLength: size,
      }),
    }),
  )

  test('any lengths and interleavings', () =>
    fc.assert(
      fc.asyncProperty(program, async ({ allreduce, calls, delays }) => {
        const size = delays.length
        const body = async (comms: Communicator[]) => {
          await together(comms, async comm => {
            for (const [k, call] of calls.entries()) {
              await turns(delays[comm.rank][k])
              await perform(comm, call, k)
            }
          })
        }
        await withRanks(open, size, body, { allreduce })
      }),
      { numRuns: 60 },
    ))
}

/** The same on every rank; mostly short. */
function randomCall(k: number): Call {
  const below = (n: number, draw: number) => Math.floor(n * uniform(1, 1, k, 0, draw))
  const length = below(10, 0) === 0 ? below(5000, 1) : below(40, 1)
  const call: Call = {
    op: ops[below(ops.length, 2)],
    type: types[below(types.length, 3)],
    length,
    root: below(SIZE, 4),
  }
  return exists(call) ? call : { ...call, type: 'float64' }
}

/** Turns of the event loop before a rank's call: mostly none, sometimes several. */
function delay(k: number, rank: number): number {
  const u = uniform(2, 1, k, rank, 0)
  return u < 0.8 ? 0 : Math.floor((u - 0.8) * 40)
}
