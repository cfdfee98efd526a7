import { PporunError } from '../base/errors.ts'
import { after } from '../base/eventually.ts'
import type { Algorithm } from './algorithm.ts'
import { type ArrayOf, newArray, type TypedArray } from './arrays.ts'
import { Calls, type CommunicatorOptions } from './calls.ts'
import { type Carrier, messages } from './carrier.ts'
import type { Exchange } from './exchange.ts'
import type { DTypeName } from './frame.ts'
import { type Claim, everybody, type Group, groupOf, newId, Presence } from './group.ts'
import { Hierarchical, leadersOf } from './hierarchical.ts'
import type { HostMemory } from './hostmemory.ts'
import { Pairs } from './pairs.ts'
import { checkReducible, finish, type ReduceOp, reductions } from './reduce.ts'
import { type AlgorithmName, algorithms, choose, type MessageAlgorithm } from './table.ts'
import type { Transport } from './transport.ts'

/** What is done at once hands this out: no promise per call. */
const DONE = Promise.resolve()

/**
 * Ranks of a job and what they do together. Every rank calls the same collectives in the same order;
 * each call is numbered, and ranks that disagree get an error that names both calls. A communicator of size
 * one works alike and sends nothing.
 *
 * Arrays are the caller's again when the promise resolves. One collective at a time.
 * Rejects with MismatchError, or with AbortedError that says what this rank waited for and why in vain; without a
 * launcher to find that out with PeerTimeoutError or ConnectionError; these name
 * ranks of the job, also in a group that split() has made.
 */
export class Communicator {
  readonly rank: number
  readonly size: number
  readonly localRank: number
  readonly localSize: number
  /** What carries the frames, as run.json records it. */
  readonly transport: string
  readonly #transport: Transport
  readonly #options: CommunicatorOptions
  readonly #group: Group
  readonly #presence: Presence
  readonly #calls: Calls
  readonly #pairs: Pairs
  readonly #memory: HostMemory | undefined
  readonly #levels: Algorithm | undefined
  readonly #carrier: Carrier
  readonly #reductions: typeof reductions
  #closing: Promise<void> | null = null

  /** @param part which ranks it is made of, and what it shares with other communicators; without it all ranks of the job. */
  constructor(
    transport: Transport,
    options: CommunicatorOptions,
    part?: { group: Group; presence: Presence },
  ) {
    this.#transport = transport
    this.#options = options
    const { ranks = Array.from({ length: transport.size }, (_, rank) => rank) } = options
    this.#group = part?.group ?? everybody(transport.rank, ranks, options)
    this.#presence = part?.presence ?? new Presence(options.epoch, options.progress)
    this.#calls = new Calls(transport, this.#group, this.#presence, options)
    this.#pairs = new Pairs(transport, this.#group, options.epoch)
    this.rank = this.#group.rank
    this.size = this.#group.ranks.length
    this.localRank = this.#group.localRank
    this.localSize = this.#group.localSize
    const { nodes, memory, levels = memory !== undefined, allreduce = 'auto' } = options
    // Groups reduce over messages: the memory's meetings are of all ranks of a host.
    this.#reductions = options.reductions ?? reductions
    const inLevels = levels && this.#group.id === 0 && (allreduce === 'auto' || allreduce === 'hierarchical')
    const oneHost = new Set(nodes && ranks.map(rank => nodes[rank])).size <= 1
    this.#memory = inLevels ? memory : undefined
    this.#carrier = (oneHost && this.#memory) || messages
    if (inLevels)
      this.#levels = (oneHost && memory) || new Hierarchical(memory, leadersOf(nodes!, this.#group))
    this.transport = !inLevels ? transport.name : oneHost ? 'shm' : `shm+${transport.name}`
  }

  /**
   * Reduces over all ranks, in place. All ranks end with the same bits; where every partial sum is exact
   * (base/math/exact.ts) these depend neither on the algorithm nor on the number of ranks.
   * @param op 'mean' takes floats only, and divides the sum once.
   * @param layoutHash what the elements mean, if ranks could disagree about that (engine/layout.ts).
   */
  allreduce(array: TypedArray, op: ReduceOp = 'sum', layoutHash = 0): Promise<void> {
    try {
      checkReducible(op, array)
      const what = { length: array.length, layoutHash: layoutHash >>> 0 }
      const reducer = this.#reducer(array.byteLength)
      const reduced = this.#calls.collective(op, array, what, x =>
        reducer.allreduce(x, array, this.#reductions[op]),
      )
      const finished = after(reduced, () => finish(op, array, this.size))
      return finished ?? DONE
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /**
   * An array of zeros that reductions take and leave where it is, with no copy, if the ranks share memory; else any
   * array. It stays until the process ends: ask for it once. There are 64 MB per rank (2 GB per host); beyond that, any array.
   */
  buffer<D extends DTypeName>(length: number, dtype: D): ArrayOf<D> {
    return (this.#memory?.buffer(length, dtype) as ArrayOf<D> | null | undefined) ?? newArray(length, dtype)
  }

  /** This rank's slice of what allreduce() would give: elements floor(rank n/size) to floor((rank+1) n/size). */
  async reduceScatter<T extends TypedArray>(array: T, op: ReduceOp = 'sum'): Promise<T> {
    checkReducible(op, array)
    const reducer = this.#reducer(array.byteLength)
    const work = (x: Exchange) => reducer.reduceScatter(x, array, this.#reductions[op])
    const slice = await this.#calls.collective(`reduceScatter ${op}`, array, { length: array.length }, work)
    finish(op, slice, this.size)
    return slice as T
  }

  /** The algorithm that reduces an array of this many bytes. */
  algorithm(bytes: number): AlgorithmName {
    return this.#levels ? 'hierarchical' : this.#byMessages(bytes)
  }

  /** Every rank's array, by rank; lengths may differ, types may not. */
  async allgather<T extends TypedArray>(array: T): Promise<T[]> {
    return (await this.#calls.collective('allgather', array, { length: -1 }, x =>
      this.#carrier.allgather(x, array),
    )) as T[]
  }

  /** On `root` every rank's array, by rank; null on the others, which need not wait. Lengths may differ, types may not. */
  async gather<T extends TypedArray>(array: T, root = 0): Promise<T[] | null> {
    this.#checkRank('gather to', root)
    return (await this.#calls.collective('gather', array, { length: -1 }, x =>
      this.#carrier.gather(x, array, root),
    )) as T[] | null
  }

  /** Copies the array of `root` into everybody's, in place. */
  async broadcast(array: TypedArray, root = 0): Promise<void> {
    this.#checkRank('broadcast from', root)
    await this.#calls.collective('broadcast', array, { length: array.length }, x =>
      this.#carrier.broadcast(x, array, root),
    )
  }

  /** Returns when all ranks have called it. */
  async barrier(): Promise<void> {
    await this.#calls.collective('barrier', new Uint8Array(0), { length: 0 }, x => this.#carrier.barrier(x))
  }

  /** Sends to another rank; resolves when the message is queued, and does not wait for a recv(). */
  async send(array: TypedArray, to: number): Promise<void> {
    this.#checkPeer('send to', to)
    this.#calls.refuseIfClosed('send')
    this.#pairs.send(to, array)
  }

  /**
   * Fills `array` with the next message of a rank; a MismatchError if that is of another length or type. Messages
   * come in order per pair. They may pass collectives: neither counts or waits for the other.
   */
  async recv(array: TypedArray, from: number): Promise<void> {
    this.#checkPeer('recv from', from)
    const pairs = this.#pairs
    if (pairs.receiving(from))
      throw new PporunError(`recv from rank ${from}: another one is still running; await it before the next`)
    const source = this.#group.ranks[from]
    await this.#calls.single('recv', pairs.next(from), source, seconds => pairs.recv(from, array, seconds))
  }

  /**
   * Communicators of their own for parts of the ranks, over the same transport: one per color, ranks in the order
   * of `key`, then of their rank here. A rank with a negative color takes no part in any and gets null. One split
   * at a time. Closing a group leaves all others open; closing the communicator of connect() closes them all.
   */
  async split(color: number, key = 0): Promise<Communicator | null> {
    for (const number of [color, key])
      if (number !== (number | 0)) throw new RangeError(`split: color and key are integers, not ${number}`)
    const presence = this.#presence
    if (presence.splitting) throw new PporunError('split: another one is still running; await it first')
    presence.splitting = true
    try {
      const row = Int32Array.of(
        color,
        key,
        presence.nextGroup,
        this.#options.nodes?.[this.#group.ranks[this.rank]] ?? 0,
      )
      const rows = await this.#calls.collective('split', row, { length: row.length }, x =>
        this.#carrier.allgather(x, row),
      )
      const claims = rows.map(([color, key, id, node]): Claim => ({ color, key, id, node }))
      presence.nextGroup = newId(claims) + 1
      const group = groupOf(this.#group, claims)
      return group && new Communicator(this.#transport, this.#options, { group, presence })
    } finally {
      presence.splitting = false
    }
  }

  /** Whom it is made of, by rank: the numbers that ranks have in the job, which stay theirs when others are lost. */
  get members(): readonly number[] {
    return this.#group.ranks
  }

  /** True once close() has begun. */
  get closed(): boolean {
    return this.#closing !== null
  }

  /** Milliseconds spent in calls so far. */
  get elapsed(): number {
    return this.#calls.elapsed
  }

  /** Waits for all ranks, then lets go of the sockets, also if they do not come. Safe to call twice. */
  close(): Promise<void> {
    this.#closing ??= this.#leave()
    return this.#closing
  }

  /** Ends the wait that is under way, and all later ones, with this error; in every group too. */
  abort(error: Error): void {
    this.#presence.failure ??= error
    this.#transport.fail(error)
    this.#memory?.fail(error)
  }

  /** Lets go of the sockets at once: other ranks take part from now on, and this one makes another communicator. */
  discard(): void {
    this.#closing ??= Promise.resolve()
    this.#options.onDiscard?.()
    this.#calls.close()
    this.#transport.close()
  }

  async #leave(): Promise<void> {
    if (this.#calls.closed) return
    const ofAll = this.#group.id === 0
    try {
      await this.barrier()
      if (ofAll) await this.#options.onClose?.()
    } finally {
      this.#calls.close()
      if (ofAll) this.#transport.close()
    }
  }

  #reducer(bytes: number): Algorithm {
    return this.#levels ?? algorithms[this.#byMessages(bytes)]
  }

  #byMessages(bytes: number): MessageAlgorithm {
    const { allreduce = 'auto' } = this.#options
    return allreduce === 'auto' || allreduce === 'hierarchical' ? choose(bytes) : allreduce
  }

  #checkRank(what: string, rank: number): void {
    if (!(Number.isInteger(rank) && rank >= 0 && rank < this.size))
      throw new RangeError(`${what} rank ${rank}: ranks are 0 to ${this.size - 1}`)
  }

  #checkPeer(what: string, rank: number): void {
    this.#checkRank(what, rank)
    if (rank === this.rank) throw new RangeError(`${what} rank ${rank}: that is this rank itself`)
  }
}
