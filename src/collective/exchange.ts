import { bytesOf, elementsOf, type TypedArray } from './arrays.ts'
import { type Call, channelOf, checkSameCall, MismatchError } from './frame.ts'
import type { Group } from './group.ts'
import type { Transport } from './transport.ts'

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

  constructor(transport: Transport, group: Group, call: Call, seconds: number) {
    this.rank = group.rank
    this.size = group.ranks.length
    this.#transport = transport
    this.#ranks = group.ranks
    this.call = call
    this.seconds = seconds
  }

  /** Sends `elements` as message `step`; they are the caller's again on return. */
  send(to: number, step: number, elements: TypedArray): void {
    this.#transport.send(this.#ranks[to], { header: { ...this.call, step }, payload: bytesOf(elements) })
  }

  /** Message `step` of a peer: `expected` elements, or as many as come. Valid until the next turn of the event loop. */
  async recv(from: number, step: number, expected?: number): Promise<TypedArray> {
    const source = this.#ranks[from]
    const { header, payload } = await this.#transport.recv(source, channelOf(this.call), this.seconds)
    checkSameCall({ ...this.call, step }, header)
    const elements = elementsOf(payload, header.dtype)
    if (expected !== undefined && elements.length !== expected)
      throw new MismatchError(`rank ${source} sent ${elements.length} elements instead of ${expected}`)
    return elements
  }
}
