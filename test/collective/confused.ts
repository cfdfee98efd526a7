/** Ranks that are in different calls are told so, with both calls, at once. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Communicator } from '../../src/collective/communicator.ts'
import { MismatchError } from '../../src/collective/frame.ts'
import type { AlgorithmName } from '../../src/collective/table.ts'
import { type Open, refusals, together, withRanks } from './ranks.ts'

type Act = (comm: Communicator) => Promise<unknown>

/** @param algorithms those to try. */
export function mismatchConformance(open: Open, algorithms: readonly AlgorithmName[]): void {
  for (const allreduce of algorithms)
    for (const [what, left, right, ...names] of disagreements)
      test(`${what}, ${allreduce}: both ranks are told both calls`, () =>
        withRanks(
          open,
          2,
          async comms => {
            const errors = await refusals([left(comms[0]), right(comms[1])])
            for (const error of errors) checkMismatch(error, names)
          },
          { allreduce },
        ))

  for (const allreduce of algorithms)
    test(`one of four, ${allreduce}: all are told, also those that would just wait`, () =>
      withRanks(
        open,
        4,
        async comms => {
          const calls = comms.map(comm => comm.allreduce(numbers(comm.rank === 2 ? 8 : 7)))
          for (const error of await refusals(calls))
            checkMismatch(error, ['rank 2 is in allreduce #1 (sum, float32 of 8', '(sum, float32 of 7'])
        },
        { allreduce },
      ))

  test('layout hashes use all 32 bits', () =>
    withRanks(open, 2, async comms => {
      for (const hash of [0xffffffff, 0x80000000, -1, 1])
        await together(comms, comm => comm.allreduce(new Float32Array(4), 'sum', hash))
    }))
}

/** Over messages who sends hears nothing yet. */
export function oneSidedConformance(open: Open): void {
  test('different roots: whoever receives by another is told, the others at their next call', () =>
    withRanks(open, 3, async comms => {
      const roots = [0, 0, 1] // rank 2 waits for rank 1, which sends, as if they agreed
      const calls = comms.map(comm => comm.broadcast(new Float32Array(4), roots[comm.rank]))
      await Promise.all(calls.slice(0, 2))
      const next = comms.slice(0, 2).map(comm => comm.barrier())
      for (const error of await refusals([calls[2], ...next])) assert.ok(error instanceof MismatchError)
    }))
}

function checkMismatch(error: Error, names: string[]): void {
  assert.ok(error instanceof MismatchError, error.message)
  for (const name of names) assert.ok(error.message.includes(name), `${name} in: ${error.message}`)
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
    'rank 1 is in allreduce #1 (sum, float32 of 7',
  ],
  [
    'reductions',
    c => c.allreduce(numbers(7)),
    c => c.allreduce(numbers(7), 'max'),
    'rank 0 is in allreduce #1 (sum',
    'rank 1 is in allreduce #1 (max',
  ],
  [
    'a part and the whole',
    c => c.allreduce(numbers(7)),
    c => c.reduceScatter(numbers(7)),
    'rank 0 is in allreduce #1 (sum',
    'rank 1 is in reduceScatter #1 (sum',
  ],
  [
    'a mean and a sum',
    c => c.allreduce(numbers(7), 'mean'),
    c => c.allreduce(numbers(7)),
    'allreduce #1 (mean',
    'allreduce #1 (sum',
  ],
  ['lengths', c => c.allreduce(numbers(7)), c => c.allreduce(numbers(8)), 'of 7 elements', 'of 8 elements'],
  [
    'types',
    c => c.allreduce(numbers(7)),
    c => c.allreduce(new Int32Array(7)),
    '(sum, float32 of 7',
    '(sum, int32 of 7',
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
  ['numbers of calls', twice, c => c.allreduce(numbers(7)), 'allreduce #1 (sum'],
]
