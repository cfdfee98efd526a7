import type { AllreduceChoice } from '../base/contract.ts'
import { PporunError } from '../base/errors.ts'
import type { ProgressWriter } from '../base/progress.ts'
import { dtypeOf, type TypedArray } from './arrays.ts'
import { Exchange } from './exchange.ts'
import { DType, Op, type OpName } from './frame.ts'
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
  #running: string | null = null
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

  /** A call that all ranks make, in the same order. `what` goes into its frames, beside the array's type. */
  async collective<T>(
    op: OpName,
    array: TypedArray,
    what: { length: number; layoutHash?: number },
    algorithm: (x: Exchange) => Promise<T>,
  ): Promise<T> {
    this.refuseIfClosed(op)
    if (this.#running)
      throw new PporunError(
        `${op}: ${this.#running} #${this.#sequence} is still running; await one collective before the next`,
      )
    const { id, ranks, rank } = this.#group
    const dtype = DType[dtypeOf(array)]
    const sequence = ++this.#sequence
    const place = { source: ranks[rank], epoch: this.#presence.epoch, group: id, sequence }
    const call = { ...place, op: Op[op], dtype, layoutHash: 0, ...what }
    this.#running = op
    if (id === 0) this.#presence.sequence = sequence
    try {
      return await this.#wait(op, op, sequence, seconds =>
        algorithm(new Exchange(this.#transport, this.#group, call, seconds)),
      )
    } finally {
      this.#running = null
    }
  }

  /** A call of this rank alone, beside the collectives. */
  async single<T>(name: string, sequence: number, work: (seconds: number) => Promise<T>): Promise<T> {
    this.refuseIfClosed(name)
    return this.#wait('send', name, sequence, work)
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

  async #wait<T>(
    op: OpName,
    name: string,
    sequence: number,
    work: (seconds: number) => Promise<T>,
  ): Promise<T> {
    const { opTimeout, onTimeout } = this.#options
    const start = this.#transport.clock.now()
    let late = false
    this.#presence.enter(op)
    try {
      return await work(opTimeout)
    } catch (error) {
      if (!(error instanceof PeerTimeoutError)) throw error
      late = true
      onTimeout?.(name, sequence, error)
      const group = this.#group.id ? ` of group ${this.#group.id}` : ''
      throw new PeerTimeoutError(error.from, error.seconds, `${name} #${sequence}${group}`)
    } finally {
      this.#presence.leave(late)
      this.elapsed += this.#transport.clock.now() - start
    }
  }
}
