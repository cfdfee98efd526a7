import type { Control } from '../base/control.ts'
import type { AbortedError, Wait } from '../base/errors.ts'
import { type PeerError, PeerTimeoutError } from './transport.ts'

/**
 * Whose fault it is that this rank cannot go on. In a ring everybody waits for a neighbour, and a connection breaks at
 * both ends: only the launcher sees all ranks, and which communicator it was of. Resolves with what it says when it ends the job; null if it says nothing.
 */
export async function judge(
  control: Control,
  generation: number,
  error: PeerError,
  wait: Wait | null,
  seconds: number,
): Promise<AbortedError | null> {
  if (error instanceof PeerTimeoutError && wait) void control.send({ type: 'timeout', generation, wait })
  else void control.send({ type: 'lost', generation, to: error.peer, what: error.message })
  return control.verdict(seconds)
}
