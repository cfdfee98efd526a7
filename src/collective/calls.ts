import type { AllreduceChoice } from '../base/contract.ts'
import { PporunError } from '../base/errors.ts'
import type { Eventually } from '../base/eventually.ts'
import type { ProgressWriter } from '../base/progress.ts'
import { dtypeOf, type TypedArray } from './arrays.ts'
import { Exchange } from './exchange.ts'
import { type Call, DType, Op, type OpName } from './frame.ts'
import type { Group, Presence } from './group.ts'
import type { SharedMemory } from './shm.ts'
import { PeerTimeoutError, type Transport } from './transport.ts'

export interface CommunicatorOptions {
  /** Which communicator of the job, in the order of connect() calls. */
  epoch: number
  /** Seconds until a peer that does not answer is an error. */
  opTimeout: number
  localRank: number
  localSize: number
  /** Number of this rank's host; 0 unless said. */
  node?: number
  /** How allreduce and reduceScatter work; `auto`, unless said, is table.ts. The same on all ranks. */
  allreduce?: AllreduceChoice
  progress: ProgressWriter
  /** What all ranks share if they are on one host: with `auto` collectives of all ranks go through it. The same on all ranks. */
  memory?: SharedMemory | undefined
  /** Told of a wait that took too long, before it rejects: the control plane finds out whose fault it is. */
  onTimeout?: (op: string, sequence: number, error: PeerTimeoutError) => void
  /** What close() does when all ranks have entered it and no frame is needed any more. */
  onClose?: () => Promise<void>
}

/** A call that is under way. */
interface Running {
  op: OpName
  name: string
  sequence: number
  /** Milliseconds. */
  start: number
}

/**
 * The calls of one communicator: numbers its collectives, lets one run at a time, shows the agent where this
 * rank is, and turns a wait that took too long into an error that names the call.
 */
export class Calls {
  /** Milliseconds spent in them so far. */
  elapsed = 0
  readonly #transport: Transport
  readonly #group: Group
  readonly #presence: Presence
  readonly #options: Pick<CommunicatorOptions, 'opTimeout' | 'onTimeout'>
  #sequence = 0
  #running: Running | null = null
  #closed = false

  constructor(
    transport: Transport,
    group: Group,
    presence: Presence,
    options: Pick<CommunicatorOptions, 'opTimeout' | 'onTimeout'>,
  ) {
    this.#transport = transport
    this.#group = group
    this.#presence = presence
    this.#options = options
  }

  /**
   * A call that all ranks make, in the same order. `what` goes into its frames, beside the array's type. An algorithm
   * that is done at once, as in shared memory, costs no promise.
   */
  collective<T>(
    op: OpName,
    array: TypedArray,
    what: { length: number; layoutHash?: number },
    algorithm: (x: Exchange) => Eventually<T>,
  ): Eventually<T> {
    this.refuseIfClosed(op)
    if (this.#running)
      throw new PporunError(
        `${op}: ${this.#running.name} #${this.#running.sequence} is still running; await one collective before the next`,
      )
    const { id, ranks, rank } = this.#group
    const dtype = DType[dtypeOf(array)]
    const sequence = ++this.#sequence
    // Field by field: a spread takes longer than a sum in shared memory.
    const call: Call = {
      source: ranks[rank],
      epoch: this.#presence.epoch,
      group: id,
      sequence,
      op: Op[op],
      dtype,
      length: what.length,
      layoutHash: what.layoutHash ?? 0,
    }
    if (id === 0) this.#presence.sequence = sequence
    this.#running = { op, name: op, sequence, start: this.#transport.clock.now() }
    return this.#run(this.#running, seconds =>
      algorithm(new Exchange(this.#transport, this.#group, call, seconds)),
    )
  }

  /** A call of this rank alone, beside the collectives. */
  single<T>(name: string, sequence: number, work: (seconds: number) => Eventually<T>): Eventually<T> {
    this.refuseIfClosed(name)
    return this.#run({ op: 'send', name, sequence, start: this.#transport.clock.now() }, work)
  }

  /** No call can be made any more. */
  get closed(): boolean {
    return this.#closed || this.#presence.closed
  }

  close(): void {
    this.#closed = true
    if (this.#group.id === 0) this.#presence.closed = true
  }

  refuseIfClosed(name: string): void {
    if (this.closed) throw new PporunError(`${name}: the communicator is closed`)
  }

  #run<T>(call: Running, work: (seconds: number) => Eventually<T>): Eventually<T> {
    this.#presence.enter(call.op)
    try {
      const result = work(this.#options.opTimeout)
      if (!(result instanceof Promise)) {
        this.#end(call, false)
        return result
      }
      return result.then(
        value => {
          this.#end(call, false)
          return value
        },
        error => this.#fail(call, error),
      )
    } catch (error) {
      return this.#fail(call, error)
    }
  }

  #fail(call: Running, error: unknown): never {
    const late = error instanceof PeerTimeoutError
    this.#end(call, late)
    if (!late) throw error
    this.#options.onTimeout?.(call.name, call.sequence, error)
    const group = this.#group.id ? ` of group ${this.#group.id}` : ''
    throw new PeerTimeoutError(error.from, error.seconds, `${call.name} #${call.sequence}${group}`)
  }

  #end(call: Running, late: boolean): void {
    if (call === this.#running) this.#running = null
    this.#presence.leave(late)
    this.elapsed += this.#transport.clock.now() - call.start
  }
}
