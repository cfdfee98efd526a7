import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import type { TLSSocket } from 'node:tls'
import { Status, type WorkerIdentity } from '../../src/base/contract.ts'
import { PporunError, UsageError } from '../../src/base/errors.ts'
import { writeLine } from '../protocol.ts'
import { dial, firstLine } from './channel.ts'
import type { Join, Welcome } from './hub.ts'
import { keyOf, type Place, readNote } from './place.ts'

const PAUSE = 100 // ms

/** Nobody has come to meet this worker. */
class AloneError extends PporunError {
  override readonly exitStatus: number = Status.timeout
}

/** Finds rank 0 and takes the place of this rank there. Throws after `seconds`, or UsageError if it is refused. */
export async function join(
  { rank, size }: WorkerIdentity,
  place: Place,
  seconds: number,
): Promise<TLSSocket> {
  for (const end = performance.now() + seconds * 1000; performance.now() < end; ) {
    const socket = await tryOnce(place)
    if (socket) return enter(socket, { type: 'join', rank, size, host: hostname(), machine: machineId() })
    await new Promise(resolve => setTimeout(resolve, PAUSE))
  }
  const where = place.type === 'file' ? place.path : `${place.host}:${place.port}`
  throw new AloneError(`rank ${rank} did not find rank 0 at ${where} within --start-timeout ${seconds} s`)
}

/** One address after the other; a note may be an earlier job's, and is read again the next time. */
async function tryOnce(place: Place): Promise<TLSSocket | null> {
  const note = place.type === 'tcp' ? { ...place, addresses: [place.host] } : readNote(place.path)
  if (!note) return null
  for (const address of note.addresses) {
    const socket = await dial(keyOf(note.token), address, note.port).catch(() => null)
    if (socket) return socket
  }
  return null
}

async function enter(socket: TLSSocket, join: Join): Promise<TLSSocket> {
  writeLine(socket, join)
  const { refused } = await firstLine<Welcome>(socket)
  if (refused === null) return socket
  socket.destroy()
  throw new UsageError(refused)
}

/** The same for all workers of one machine (or container). */
export function machineId(): string {
  try {
    return `${hostname()} ${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}`
  } catch {
    return hostname()
  }
}
