import { trace } from '../base/trace.ts'
import { bytesOf, elementsOf, type TypedArray } from './arrays.ts'
import { type Call, channelOf, checkSameCall, type Header, MismatchError, objection } from './frame.ts'
import type { Group } from './group.ts'
import type { Transport } from './transport.ts'

/** A message that is waited for, its number if it belongs to a collective; of which rank of the job, and since when. */
export interface Awaiting {
  from: number
  message: number | null
  since: number
}

/**
 * One collective call as an algorithm sees it: numbered messages of elements to and from peers, which go by their
 * rank in the communicator; frames and errors name their rank in the job. The call's header goes on every frame
 * and is checked on every frame that comes.
 */
export class Exchange {
  readonly rank: number
  readonly size: number
  readonly #transport: Transport
  readonly #ranks: readonly number[]
  /** What goes on every frame. */
  readonly call: Call
  /** How long to wait for a peer. */
  readonly seconds: number
  /** The newest message, or rank, that was waited for. */
  awaiting: Awaiting | null = null
  /** Of which this is a part. */
  readonly #whole: Exchange

  constructor(transport: Transport, group: Group, call: Call, seconds: number, whole?: Exchange) {
    this.rank = group.rank
    this.size = group.ranks.length
    this.#transport = transport
    this.#ranks = group.ranks
    this.call = call
    this.seconds = seconds
    this.#whole = whole ?? this
  }

  /** The same call among other ranks. */
  among(group: Group): Exchange {
    return new Exchange(this.#transport, group, this.call, this.seconds, this)
  }

  /** Sends `elements` as message `step`; they are the caller's again on return. */
  send(to: number, step: number, elements: TypedArray): void {
    this.#transport.send(this.#ranks[to], { header: { ...this.call, step }, payload: bytesOf(elements) })
  }

  /** Message `step` of a peer: `expected` elements, or as many as come. Valid until the next turn of the event loop. */
  async recv(from: number, step: number, expected?: number): Promise<TypedArray> {
    const source = this.#ranks[from]
    const since = this.waitsFor(source, step)
    const { header, payload } = await this.#transport.recv(source, channelOf(this.call), this.seconds)
    trace.record?.('wait', `message ${step} from rank ${source}`, since, {
      bytes: payload.length,
    })
    this.#check(step, header)
    const elements = elementsOf(payload, header.dtype)
    if (expected !== undefined && elements.length !== expected)
      throw new MismatchError(`rank ${source} sent ${elements.length} elements instead of ${expected}`)
    return elements
  }

  /** Notes what this rank waits for, and returns since when. @param from a rank of the job. */
  waitsFor(from: number, message: number | null): number {
    const since = this.#transport.clock.now()
    this.#whole.awaiting = { from, message, since }
    return since
  }

  /** A disagreement is everybody's: who has seen it tells the others. */
  #check(step: number, header: Header): void {
    try {
      checkSameCall({ ...this.call, step }, header)
    } catch (error) {
      const others = this.#ranks.filter(rank => rank !== this.call.source)
      for (const rank of others) this.#transport.send(rank, objection(this.call, header))
      throw error
    }
  }
}
