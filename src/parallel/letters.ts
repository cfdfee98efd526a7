import type { Communicator } from '../collective/communicator.ts'

/** What ranks say to a parameter server that does not wait for them; all numbers are float64. */
export const Kind = {
  /** Version of the slice that the gradient is of, learning rate, norm of the whole gradient; then the gradient of the slice. */
  push: 0,
  /** Nothing: asks for the slice as it is. */
  pull: 1,
  /** A worker's update is complete: see reports.ts. */
  report: 2,
  /** The first server's to another: asks for its slice, with Adam's moments and powers. */
  gather: 3,
  /** Nothing more comes. */
  gone: 4,
} as const

/** Numbers before the gradient. */
export const PUSH_HEADER = 3

export interface Letter {
  kind: number
  body: Float64Array
}

/** Two messages, since whoever hears it does not know what comes: kind and length, and what is said. */
export async function tell(
  comm: Communicator,
  to: number,
  kind: number,
  body: Float64Array = new Float64Array(0),
): Promise<void> {
  await comm.send(Float64Array.of(kind, body.length), to)
  if (body.length > 0) await comm.send(body, to)
}

export async function hear(comm: Communicator, from: number): Promise<Letter> {
  const header = new Float64Array(2)
  await comm.recv(header, from)
  const [kind, length] = header
  const body = new Float64Array(length)
  if (length > 0) await comm.recv(body, from)
  return { kind, body }
}
