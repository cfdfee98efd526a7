import { randomUUID } from 'node:crypto'
import { rankSettings } from './contract.ts'
import type { RunState } from './dashboard.ts'
import {
  AbortedError,
  GroupChangedError,
  PporunError,
  PreemptedError,
  UsageError,
  type Wait,
} from './errors.ts'
import { sourceStack } from './stack.ts'
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

/** Who takes part from now on, by the launcher's word. */
export interface Membership {
  /** The number before its first communicator's: each membership has GENERATIONS. */
  epoch: number
  /** Ranks of the job. */
  ranks: number[]
  /** The number of each one's host. */
  nodes: number[]
  /** Which half of their hosts' memory they meet in: in the other some may still be. */
  half: 0 | 1
}

/** Communicators that ranks may make before they change. */
export const GENERATIONS: number = 1 << 16

/** From a rank. */
export type RankMessage =
  | { type: 'hello' }
  /** It has taken the place of one that was lost, and can begin. */
  | { type: 'join' }
  /** The job goes on after that update; so long after the one before the loss the next one was complete. */
  | { type: 'recovered'; update: number; seconds: number }
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
  | { type: 'timeout'; generation: number; wait: Wait }
  /** A connection to another rank broke, or could not be made; only the launcher can tell whether it is dead. */
  | { type: 'lost'; generation: number; to: number; what: string }
  /** Its agent sees to it; the launcher hears of it from that. */
  | { type: 'signalled'; signal: NodeJS.Signals }
  | {
      type: 'failed'
      kind: 'usage' | 'aborted' | 'preempted' | 'changed' | 'job' | 'error'
      text: string
      exitStatus: number
    }

/** To a rank. */
export type RankOrder =
  /** Members by rank of the job; null: takes no part. */
  | { type: 'table'; generation: number; members: (Member | null)[] }
  | { type: 'group'; membership: Membership; reason: string }
  | { type: 'allClosed'; generation: number }
  /** With what the run came to, if it has completed. */
  | { type: 'claimed'; index: number; folder: string; result: object | null; refused?: undefined }
  | { type: 'claimed'; index: number; refused: string }
  | { type: 'abort'; reason: string }

type OrderOf<T extends RankOrder['type']> = Extract<RankOrder, { type: T }>

/** The pipe to the agent. One per process: see `control`. */
export class Control {
  /** The job's end, or a change of its ranks that nobody has taken up yet. */
  #failure: AbortedError | null = null
  #membership: Membership | null = null
  readonly #received: RankOrder[] = []
  readonly #waiting = new Set<() => void>()
  readonly #failed = new Set<(error: AbortedError) => void>()

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

  /** The next order of a type that `match` accepts; rejects when the job is aborted, or its ranks change. */
  receive<T extends RankOrder['type']>(type: T, match: (order: OrderOf<T>) => boolean): Promise<OrderOf<T>> {
    return this.#until(() => {
      const at = this.#received.findIndex(order => order.type === type && match(order as OrderOf<T>))
      if (at >= 0) return this.#received.splice(at, 1)[0] as OrderOf<T>
      if (this.#failure) throw this.#failure
      return null
    })
  }

  /** Takes up who takes part now; null: all that the job was started with. */
  takeMembership(): Membership | null {
    if (this.#failure instanceof GroupChangedError) this.#failure = null
    return this.#membership
  }

  /** Offers to take part in a job that is under way; resolves when it is wanted. */
  async join(): Promise<void> {
    await this.send({ type: 'join' })
    await this.#until(() => {
      if (this.#failure && !(this.#failure instanceof GroupChangedError)) throw this.#failure
      return this.#membership
    })
  }

  /** Calls back when the job is aborted or its ranks change, at once if so it is. Returns how to stop listening. */
  onFailure(callback: (error: AbortedError) => void): () => void {
    if (this.#failure) callback(this.#failure)
    this.#failed.add(callback)
    return () => this.#failed.delete(callback)
  }

  /** What the launcher says of an incident that this rank has told it of; null if it says nothing for `seconds`. */
  verdict(seconds: number): Promise<AbortedError | null> {
    return new Promise(resolve => {
      const end = (error: AbortedError | null) => {
        clearTimeout(timer)
        this.#failed.delete(end)
        resolve(error)
      }
      const timer = setTimeout(() => end(null), seconds * 1000)
      this.onFailure(end)
    })
  }

  async #until<T>(look: () => T | null): Promise<T> {
    process.channel?.ref()
    try {
      for (;;) {
        const found = look()
        if (found !== null) return found
        await new Promise<void>(resolve => this.#waiting.add(resolve))
      }
    } finally {
      process.channel?.unref()
    }
  }

  #receive(order: RankOrder): void {
    if (order.type === 'abort') this.#fail(new AbortedError(order.reason))
    else if (order.type === 'group') {
      this.#membership = order.membership
      this.#fail(new GroupChangedError(order.reason))
    } else this.#received.push(order)
    for (const wake of this.#waiting) wake()
    this.#waiting.clear()
  }

  /** The job's end is final; of changes the newest counts. */
  #fail(error: AbortedError): void {
    if (this.#failure && !(this.#failure instanceof GroupChangedError)) return
    this.#failure = error
    for (const callback of [...this.#failed]) callback(error)
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
      ? kind === 'error' || kind === 'job'
        ? sourceStack(error)
        : error.message
      : String(error)
  return { type: 'failed', kind, text, exitStatus }
}

function kindOf(error: unknown): Extract<RankMessage, { type: 'failed' }>['kind'] {
  if (error instanceof UsageError) return 'usage'
  if (error instanceof PreemptedError) return 'preempted'
  if (error instanceof GroupChangedError) return 'changed'
  if (error instanceof AbortedError) return 'aborted'
  return error instanceof PporunError && error.isEverybodys ? 'job' : 'error'
}

/** A new job's id. */
export const newJobId = (): string => randomUUID()
