import type { AllreduceChoice } from '../base/contract.ts'
import { AbortedError, describeWait, GroupChangedError, PporunError, type Wait } from '../base/errors.ts'
import type { Eventually } from '../base/eventually.ts'
import { points } from '../base/fault.ts'
import type { ProgressWriter } from '../base/progress.ts'
import { trace } from '../base/trace.ts'
import { dtypeOf, type TypedArray } from './arrays.ts'
import { type Awaiting, Exchange } from './exchange.ts'
import { type Call, callNames, DType, Op, type OpName } from './frame.ts'
import type { Group, Presence } from './group.ts'
import type { HostMemory } from './hostmemory.ts'
import type { Reduce, ReduceOp } from './reduce.ts'
import { ConnectionError, PeerError, PeerTimeoutError, type Transport } from './transport.ts'

export interface CommunicatorOptions {
  /** Which communicator of the job, in the order of connect() calls. */
  epoch: number
  /** Seconds until a peer that does not answer is an error. */
  opTimeout: number
  localRank: number
  localSize: number
  /** Ranks of the job that take part; all, unless said. */
  ranks?: readonly number[]
  /** The number of each rank's host, by rank of the job; all 0 unless said. */
  nodes?: readonly number[]
  /**
   * How allreduce and reduceScatter work. `auto`, unless said: `hierarchical` where it can be, else table.ts. The same on
   * all ranks.
   */
  allreduce?: AllreduceChoice
  progress: ProgressWriter
  /** What the ranks of this host share. */
  memory?: HostMemory | undefined
  /** How elements are combined, if not by reduce.ts alone: a simulation counts the time that it takes. */
  reductions?: Record<ReduceOp, Reduce>
  /** Every host's ranks share memory, if it has several: the same on all ranks. True, unless said, where this one's do. */
  levels?: boolean
  /** How errors name this rank: with its host and pid. */
  who?: string
  /**
   * Told of a wait that took too long, or of a connection that broke, before the call rejects; resolves with what the
   * launcher has found out, or null.
   */
  judge?: (error: PeerError, wait: Wait) => Promise<AbortedError | null>
  /** What close() does when all ranks have entered it and no frame is needed any more. */
  onClose?: () => Promise<void>
  /** Told when nobody needs it any more, and it will not be closed. */
  onDiscard?: () => void
}

type Judging = Pick<CommunicatorOptions, 'opTimeout' | 'who' | 'judge'>

/** A call that is under way. */
interface Running {
  op: OpName
  name: string
  sequence: number
  /** What it waits for, if it tells. */
  exchange: { awaiting: Awaiting | null }
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
  readonly #options: Judging
  #sequence = 0
  #running: Running | null = null
  #closed = false

  constructor(transport: Transport, group: Group, presence: Presence, options: Judging) {
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
    const name = callNames[op]
    this.refuseIfClosed(name)
    if (this.#running)
      throw new PporunError(
        `${name}: ${this.#running.name} #${this.#running.sequence} is still running; await one collective before the next`,
      )
    points.op?.(op, array)
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
    const exchange = new Exchange(this.#transport, this.#group, call, this.#options.opTimeout)
    this.#running = { op, name, sequence, exchange, start: this.#transport.clock.now() }
    return this.#run(this.#running, () => algorithm(exchange))
  }

  /** A call of this rank alone, beside the collectives: it waits for the next message of a rank of the job. */
  single<T>(
    name: string,
    sequence: number,
    from: number,
    work: (seconds: number) => Eventually<T>,
  ): Eventually<T> {
    this.refuseIfClosed(name)
    const start = this.#transport.clock.now()
    const exchange = { awaiting: { from, message: null, since: start } }
    return this.#run({ op: 'send', name, sequence, exchange, start }, () => work(this.#options.opTimeout))
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

  #run<T>(call: Running, work: () => Eventually<T>): Eventually<T> {
    this.#presence.enter(call.op)
    try {
      if (this.#presence.failure) throw this.#presence.failure
      const result = work()
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

  #fail(call: Running, error: unknown): Promise<never> {
    if (error instanceof PeerError || error instanceof AbortedError)
      return this.#explain(error, this.#waitOf(call, error)).then(explained => {
        this.#end(call, true)
        throw explained
      })
    this.#end(call, false)
    throw error
  }

  #waitOf(call: Running, error: PeerError | AbortedError): Wait {
    const { now } = this.#transport.clock
    const { from, message, since } = call.exchange.awaiting ?? {
      from: null,
      message: null,
      since: call.start,
    }
    return {
      op: call.name,
      sequence: call.sequence,
      group: this.#group.id,
      from: error instanceof PeerError ? error.peer : from,
      message,
      seconds: error instanceof PeerTimeoutError ? error.seconds : (now() - since) / 1000,
    }
  }

  /** The error for the caller: what this rank waits for, and why it does so in vain, as far as anybody knows. */
  async #explain(error: PeerError | AbortedError, wait: Wait): Promise<Error> {
    const { judge, who } = this.#options
    const waits = describeWait(who ?? `rank ${this.#group.ranks[this.#group.rank]}`, wait)
    const because = (reason: AbortedError) =>
      new (reason instanceof GroupChangedError ? GroupChangedError : AbortedError)(
        `${waits}; ${reason.message}`,
        wait,
      )
    if (error instanceof AbortedError) return because(error)
    const verdict = await judge?.(error, wait)
    if (verdict) return because(verdict)
    return error instanceof PeerTimeoutError
      ? new PeerTimeoutError(error.peer, error.seconds, waits)
      : new ConnectionError(error.peer, `${waits}; ${error.message}`)
  }

  #end(call: Running, inVain: boolean): void {
    if (call === this.#running) this.#running = null
    this.#presence.leave(inVain)
    this.elapsed += this.#transport.clock.now() - call.start
    trace.record?.('call', call.name, call.start, {
      op: call.op,
      sequence: call.sequence,
      group: this.#group.id,
    })
  }
}
