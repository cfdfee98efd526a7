import { PporunError } from '../base/errors.ts'
import type { ProgressWriter } from '../base/progress.ts'
import { dtypeOf, type TypedArray } from './arrays.ts'
import { Exchange } from './exchange.ts'
import { DType, Op, type OpName } from './frame.ts'
import { type Reduce, ringAllgather, ringAllreduce, ringBarrier, ringBroadcast } from './ring.ts'
import { PeerTimeoutError, type Transport } from './transport.ts'

/** How allreduce combines elements. */
export type ReduceOp = 'sum' | 'max'

export interface CommunicatorOptions {
  /** Which communicator of the job, in the order of connect() calls. */
  epoch: number
  /** Seconds until a peer that does not answer is an error. */
  opTimeout: number
  localRank: number
  localSize: number
  progress: ProgressWriter
  /** Told of a wait that took too long, before it rejects: the control plane finds out whose fault it is. */
  onTimeout?: (op: string, sequence: number, error: PeerTimeoutError) => void
  /** What close() does when all ranks have entered it and no frame is needed any more. */
  onClose?: () => Promise<void>
}

/**
 * The ranks of a job and what they do together. Every rank calls the same collectives in the same order;
 * each call is numbered, and ranks that disagree get an error that names both calls. A communicator of size
 * one works alike and sends nothing.
 *
 * Arrays are the caller's again when the promise resolves. One collective at a time.
 * Rejects with PeerTimeoutError, MismatchError, or AbortedError when the job ends for another reason.
 */
export class Communicator {
  readonly rank: number
  readonly size: number
  readonly localRank: number
  readonly localSize: number
  /** What carries the frames, as run.json records it. */
  readonly transport: string
  /** Milliseconds spent in collectives so far. */
  elapsed = 0
  readonly #transport: Transport
  readonly #options: CommunicatorOptions
  #sequence = 0
  #running: string | null = null
  #closing: Promise<void> | null = null
  #closed = false

  constructor(transport: Transport, options: CommunicatorOptions) {
    this.rank = transport.rank
    this.size = transport.size
    this.localRank = options.localRank
    this.localSize = options.localSize
    this.transport = transport.name
    this.#transport = transport
    this.#options = options
  }

  /**
   * Reduces over all ranks, in place. All ranks end with the same bits; where every partial sum is exact
   * (base/math/exact.ts) these do not depend on the number of ranks either.
   * @param layoutHash what the elements mean, if ranks could disagree about that (engine/layout.ts).
   */
  async allreduce(array: TypedArray, op: ReduceOp = 'sum', layoutHash = 0): Promise<void> {
    const what = { length: array.length, layoutHash: layoutHash >>> 0 }
    await this.#run(op, array, what, x => ringAllreduce(x, array, reductions[op]))
  }

  /** Every rank's array, by rank; lengths may differ, types may not. */
  allgather<T extends TypedArray>(array: T): Promise<T[]> {
    return this.#run('allgather', array, { length: -1 }, x => ringAllgather(x, array)) as Promise<T[]>
  }

  /** Copies the array of `root` into everybody's, in place. */
  async broadcast(array: TypedArray, root = 0): Promise<void> {
    if (!(Number.isInteger(root) && root >= 0 && root < this.size))
      throw new RangeError(`broadcast from rank ${root}: ranks are 0 to ${this.size - 1}`)
    await this.#run('broadcast', array, { length: array.length }, x => ringBroadcast(x, array, root))
  }

  /** Returns when all ranks have called it. */
  async barrier(): Promise<void> {
    await this.#run('barrier', new Uint8Array(0), { length: 0 }, ringBarrier)
  }

  /** True once close() has begun. */
  get closed(): boolean {
    return this.#closing !== null
  }

  /** Waits for all ranks, then lets go of the sockets, also if they do not come. Safe to call twice. */
  close(): Promise<void> {
    this.#closing ??= this.#leave()
    return this.#closing
  }

  /** Ends the wait that is under way, and all later ones, with this error. */
  abort(error: Error): void {
    this.#transport.fail(error)
  }

  async #leave(): Promise<void> {
    try {
      await this.barrier()
      await this.#options.onClose?.()
    } finally {
      this.#closed = true
      this.#transport.close()
    }
  }

  async #run<T>(
    op: OpName,
    array: TypedArray,
    what: { length: number; layoutHash?: number },
    algorithm: (x: Exchange) => Promise<T>,
  ): Promise<T> {
    if (this.#closed) throw new PporunError(`${op}: the communicator is closed`)
    if (this.#running)
      throw new PporunError(
        `${op}: ${this.#running} #${this.#sequence} is still running; await one collective before the next`,
      )
    const { epoch, opTimeout, progress, onTimeout } = this.#options
    const dtype = DType[dtypeOf(array)]
    const sequence = ++this.#sequence
    const call = { source: this.rank, epoch, sequence, op: Op[op], dtype, layoutHash: 0, ...what }
    const start = this.#transport.now()
    this.#running = op
    progress.enter(epoch, sequence, Op[op])
    try {
      return await algorithm(new Exchange(this.#transport, call, opTimeout))
    } catch (error) {
      if (!(error instanceof PeerTimeoutError)) throw error
      onTimeout?.(op, sequence, error)
      throw new PeerTimeoutError(error.from, error.seconds, `${op} #${sequence}`)
    } finally {
      this.#running = null
      progress.leave()
      this.elapsed += this.#transport.now() - start
    }
  }
}

const reductions: Record<ReduceOp, Reduce> = {
  sum: (target, source) => {
    for (let i = 0; i < target.length; i++) target[i] += source[i]
  },
  max: (target, source) => {
    // Math.max: NaN wins from either side, a rank's bad number must reach everybody; and 0 is above -0.
    for (let i = 0; i < target.length; i++) target[i] = Math.max(target[i], source[i])
  },
}
