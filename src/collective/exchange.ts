import { bytesOf, elementsOf, type TypedArray } from './arrays.ts'
import { checkSameCall, type Header, MismatchError } from './frame.ts'
import type { Transport } from './transport.ts'

/**
 * One collective call as an algorithm sees it: numbered messages of elements to and from peers. The call's
 * header goes on every frame and is checked on every frame that comes.
 */
export class Exchange {
  readonly rank: number
  readonly size: number
  readonly #transport: Transport
  readonly #call: Omit<Header, 'step'>
  readonly #seconds: number

  /** @param seconds how long to wait for a message. */
  constructor(transport: Transport, call: Omit<Header, 'step'>, seconds: number) {
    this.rank = transport.rank
    this.size = transport.size
    this.#transport = transport
    this.#call = call
    this.#seconds = seconds
  }

  /** Sends `elements` as message `step`; they are the caller's again on return. */
  send(to: number, step: number, elements: TypedArray): void {
    this.#transport.send(to, { header: { ...this.#call, step }, payload: bytesOf(elements) })
  }

  /** Message `step` of a peer: `expected` elements, or as many as come. Valid until the next turn of the event loop. */
  async recv(from: number, step: number, expected?: number): Promise<TypedArray> {
    const { header, payload } = await this.#transport.recv(from, this.#seconds)
    checkSameCall({ ...this.#call, step }, header)
    const elements = elementsOf(payload, header.dtype)
    if (expected !== undefined && elements.length !== expected)
      throw new MismatchError(`rank ${from} sent ${elements.length} elements instead of ${expected}`)
    return elements
  }
}
