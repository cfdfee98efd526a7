import type { Communicator } from '../../collective/communicator.ts'
import type { Slice } from './slices.ts'

/** What ranks say to a parameter server that does not wait for them. */
export const Kind = {
  /** A gradient of the slice. */
  push: 0,
  /** Asks for the slice as it is. */
  pull: 1,
  /** A worker's update is complete: see reports.ts. */
  report: 2,
  /** The first server's to another: asks for its slice, with Adam's moments and powers. */
  gather: 3,
  /** Nothing more comes. */
  gone: 4,
} as const

/** A gradient, and what a server has to know of it. */
export interface Push {
  /** Of the slice that it was computed on. */
  version: number
  learningRate: number
  /** Of the whole gradient. */
  norm: number
  /** Of the slice. */
  gradient: Float64Array
}

export interface Letter extends Push {
  kind: number
  report: Float64Array
}

/** Numbers before the gradient: kind, length of the report, version, learning rate, norm. */
const HEADER = 5

/**
 * Room for a letter to the server of that slice. All are as long as a push, which most of them are: who hears one knows its length,
 * and it is one message. A report comes after it, in a second.
 */
export const letterFor = ({ first, last }: Slice): Float64Array => new Float64Array(HEADER + last - first)

/** @param letter room for it, the caller's again on return */
export async function tell(
  comm: Communicator,
  to: number,
  letter: Float64Array,
  kind: number,
  report: Float64Array = new Float64Array(0),
): Promise<void> {
  letter.set([kind, report.length])
  await comm.send(letter, to)
  if (report.length > 0) await comm.send(report, to)
}

export async function push(
  comm: Communicator,
  to: number,
  letter: Float64Array,
  { version, learningRate, norm, gradient }: Push,
): Promise<void> {
  letter.set([Kind.push, 0, version, learningRate, norm])
  letter.set(gradient, HEADER)
  await comm.send(letter, to)
}

/** @param letter room for it, in which the gradient stays */
export async function hear(comm: Communicator, from: number, letter: Float64Array): Promise<Letter> {
  await comm.recv(letter, from)
  const [kind, length, version, learningRate, norm] = letter
  const report = new Float64Array(length)
  if (length > 0) await comm.recv(report, from)
  return { kind, report, version, learningRate, norm, gradient: letter.subarray(HEADER) }
}

/** A slice as workers are answered, in one message. */
export interface Answer {
  message: Uint8Array
  version: Float64Array // [1]
  parameters: Float32Array // [P of the slice]
}

export function answerFor({ first, last }: Slice): Answer {
  const message = new Uint8Array(8 + 4 * (last - first))
  return {
    message,
    version: new Float64Array(message.buffer, 0, 1),
    parameters: new Float32Array(message.buffer, 8),
  }
}
