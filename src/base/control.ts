import { randomUUID } from 'node:crypto'
import { rankSettings } from './contract.ts'
import type { RunState } from './dashboard.ts'
import { AbortedError, PporunError, PreemptedError, UsageError, type Wait } from './errors.ts'
import type { Span } from './trace.ts'

/**
 * The control plane as a rank sees it: messages over the pipe to its agent, which passes them on to the
 * launcher (ARCHITECTURE decision 15). Data never travels here, and no rank listens on a control socket.
 */

/** Where a rank listens, and by which key it is known (CURVE's public half; null without). */
export interface Address {
  /** As libzmq writes them; more than one where it may be reached in several ways. */
  endpoints: string[]
  publicKey: string | null
}

/** What came to a rank's socket that was not the job's, and was dropped. */
export interface Strays {
  /** Connections that never showed a key of this job, or spoke no ZeroMQ. */
  connections: number
  /** Messages that were not frames of this communicator. */
  messages: number
}

/** A rank as the others have to know it. */
export interface Member extends Address {
  /** Its host's number. */
  node: number
  /** The ranks of its host share memory. */
  memory: boolean
}

/** From a rank. */
export type RankMessage =
  | { type: 'hello' }
  | { type: 'member'; generation: number; member: Member; wire: number }
  | { type: 'closed'; generation: number }
  /** What a rank has dropped by the time it leaves. */
  | { type: 'strays'; strays: Strays }
  /** @property resume what the run is to go on from: a path, `auto`, or null. */
  | { type: 'spans'; spans: Span[] }
  | { type: 'claim'; index: number; resume: string | null }
  | { type: 'run'; folder: string; fields: Partial<Record<string, unknown>> }
  /** null: the state that was shown last stays, and other output follows. */
  | { type: 'status'; state: RunState | null }
  | { type: 'timeout'; wait: Wait }
  /** A connection to another rank broke, or could not be made; only the launcher can tell whether it is dead. */
  | { type: 'lost'; to: number; what: string }
  /** Its agent sees to it; the launcher hears of it from that. */
  | { type: 'signalled'; signal: NodeJS.Signals }
  | { type: 'failed'; kind: 'usage' | 'aborted' | 'preempted' | 'error'; text: string; exitStatus: number }

/** To a rank. */
export type RankOrder =
  | { type: 'table'; generation: number; members: Member[] }
  | { type: 'allClosed'; generation: number }
  | { type: 'claimed'; index: number; folder: string; refused?: undefined }
  | { type: 'claimed'; index: number; refused: string }
  | { type: 'abort'; reason: string }

type OrderOf<T extends RankOrder['type']> = Extract<RankOrder, { type: T }>

/** The pipe to the agent. One per process: see `control`. */
export class Control {
  #abort: AbortedError | null = null
  readonly #received: RankOrder[] = []
  readonly #waiting = new Set<() => void>()
  readonly #aborted = new Set<(error: AbortedError) => void>()

  constructor() {
    process.on('message', order => this.#receive(order as RankOrder))
    // The pipe alone must not keep a script alive that has nothing else to do.
    process.channel?.unref()
  }

  send(message: RankMessage): Promise<void> {
    return new Promise(resolve => {
      if (!process.connected) return resolve()
      process.send?.(message, undefined, undefined, () => resolve())
    })
  }

  /** The next order of a type that `match` accepts; rejects when the job is aborted. */
  async receive<T extends RankOrder['type']>(
    type: T,
    match: (order: OrderOf<T>) => boolean,
  ): Promise<OrderOf<T>> {
    process.channel?.ref()
    try {
      for (;;) {
        const at = this.#received.findIndex(order => order.type === type && match(order as OrderOf<T>))
        if (at >= 0) return this.#received.splice(at, 1)[0] as OrderOf<T>
        if (this.#abort) throw this.#abort
        await new Promise<void>(resolve => this.#waiting.add(resolve))
      }
    } finally {
      process.channel?.unref()
    }
  }

  /** Calls back when the job is aborted, at once if it already is. Returns how to stop listening. */
  onAbort(callback: (error: AbortedError) => void): () => void {
    if (this.#abort) callback(this.#abort)
    this.#aborted.add(callback)
    return () => this.#aborted.delete(callback)
  }

  /** What the launcher says of an incident that this rank has told it of; null if it says nothing for `seconds`. */
  verdict(seconds: number): Promise<AbortedError | null> {
    return new Promise(resolve => {
      const timer = setTimeout(() => resolve(null), seconds * 1000)
      this.onAbort(error => {
        clearTimeout(timer)
        resolve(error)
      })
    })
  }

  #receive(order: RankOrder): void {
    if (order.type === 'abort') this.#abort ??= new AbortedError(order.reason)
    else this.#received.push(order)
    for (const wake of this.#waiting) wake()
    this.#waiting.clear()
    if (this.#abort) for (const callback of this.#aborted) callback(this.#abort)
  }
}

let theControl: Control | null | undefined

/** The pipe to this rank's agent, or null in a job of one without a launcher. */
export function control(): Control | null {
  if (theControl === undefined) theControl = rankSettings() && process.send ? new Control() : null
  return theControl
}

/** What a rank says of the error that ends it. */
export function describeFailure(error: unknown): Extract<RankMessage, { type: 'failed' }> {
  const kind = kindOf(error)
  const exitStatus = error instanceof PporunError ? error.exitStatus : 1
  const text =
    error instanceof Error
      ? kind === 'error'
        ? (error.stack ?? String(error))
        : error.message
      : String(error)
  return { type: 'failed', kind, text, exitStatus }
}

function kindOf(error: unknown): Extract<RankMessage, { type: 'failed' }>['kind'] {
  if (error instanceof UsageError) return 'usage'
  if (error instanceof AbortedError) return 'aborted'
  return error instanceof PreemptedError ? 'preempted' : 'error'
}

/** A new job's id. */
export const newJobId = (): string => randomUUID()
