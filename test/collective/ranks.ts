/** Communicators whose ranks share this process, over any transport, and what tests need around them. */
import assert from 'node:assert/strict'
import { openPage, ProgressWriter } from '../../src/base/progress.ts'
import { bytesOf, type TypedArray } from '../../src/collective/arrays.ts'
import type { CommunicatorOptions } from '../../src/collective/calls.ts'
import { Communicator } from '../../src/collective/communicator.ts'
import type { Transport } from '../../src/collective/transport.ts'

export interface Opened {
  /** By rank. */
  transports: Transport[]
  /** What a rank has besides: shared memory, other hosts. */
  options?: (rank: number) => Partial<CommunicatorOptions>
  close(): void | Promise<void>
}
export type Open = (size: number) => Promise<Opened>

/** Runs `body` with the communicators of `size` ranks, by rank. */
export async function withRanks(
  open: Open,
  size: number,
  body: (comms: Communicator[]) => Promise<void>,
  options: Partial<CommunicatorOptions> | ((rank: number) => Partial<CommunicatorOptions>) = {},
): Promise<void> {
  const { transports, close, options: place } = await open(size)
  const onClose = meeting(size)
  const communicator = (transport: Transport, rank: number) =>
    new Communicator(transport, {
      epoch: 1,
      opTimeout: 30,
      localRank: rank,
      localSize: size,
      progress: new ProgressWriter(openPage(null, 1), 0),
      onClose,
      ...place?.(rank),
      ...(typeof options === 'function' ? options(rank) : options),
    })
  try {
    await body(transports.map(communicator))
  } finally {
    await close()
  }
}

/** Every rank does the same at the same time; results by rank. */
export const together = <T>(comms: Communicator[], each: (comm: Communicator) => Promise<T>): Promise<T[]> =>
  Promise.all(comms.map(each))

/** What each rank was refused with; fails if one was not. */
export async function refusals(calls: Promise<unknown>[]): Promise<Error[]> {
  const outcomes = await Promise.allSettled(calls)
  return outcomes.map((outcome, rank) => {
    assert.equal(outcome.status, 'rejected', `rank ${rank} was not refused`)
    return (outcome as PromiseRejectedResult).reason
  })
}

/** The launcher's part of leaving: returns when all have come. */
function meeting(size: number): () => Promise<void> {
  let absent = size
  let open = () => {}
  const opened = new Promise<void>(resolve => {
    open = resolve
  })
  return () => {
    if (--absent === 0) open()
    return opened
  }
}

/** Lets everything that is ready run, `count` times. */
export async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise(resolve => setImmediate(resolve))
}

/** Equal bits: also those of NaN and -0. */
export function sameBits(actual: TypedArray, expected: TypedArray, what: string): void {
  if (Buffer.compare(bytesOf(actual), bytesOf(expected)) === 0) return
  assert.deepEqual(actual.slice(0, 100), expected.slice(0, 100), what)
  assert.fail(`${what}: differs`)
}

/** 0 .. n-1. */
export const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i)
