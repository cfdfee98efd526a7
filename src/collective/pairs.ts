import { bytesOf, dtypeOf, elementsOf, type TypedArray } from './arrays.ts'
import { channelOf, DType, describeArray, type Header, MismatchError, Op } from './frame.ts'
import type { Group } from './group.ts'
import type { Transport } from './transport.ts'

/**
 * Messages from one rank to one other: numbered per pair and direction, on a channel of their own, so that
 * collectives neither count them nor wait for them. Ranks here go by their place in the group.
 */
export class Pairs {
  readonly #transport: Transport
  readonly #group: Group
  readonly #epoch: number
  /** By peer: messages so far. */
  readonly #sent: number[]
  readonly #received: number[]
  readonly #receiving = new Set<number>()

  constructor(transport: Transport, group: Group, epoch: number) {
    this.#transport = transport
    this.#group = group
    this.#epoch = epoch
    this.#sent = group.ranks.map(() => 0)
    this.#received = group.ranks.map(() => 0)
  }

  /** The number of the message that the next recv() from this peer waits for. */
  next(from: number): number {
    return this.#received[from] + 1
  }

  /** True while a recv() from this peer is under way. */
  receiving(from: number): boolean {
    return this.#receiving.has(from)
  }

  /** Queues `array`; it is the caller's again on return. */
  send(to: number, array: TypedArray): void {
    const header = { ...this.#header(this.#group.rank, array), sequence: ++this.#sent[to] }
    this.#transport.send(this.#group.ranks[to], { header, payload: bytesOf(array) })
  }

  /** Fills `array` with the peer's next message, which must be as long and of its type. One at a time per peer. */
  async recv(from: number, array: TypedArray, seconds: number): Promise<void> {
    const ours = { ...this.#header(from, array), sequence: this.next(from) }
    this.#receiving.add(from)
    try {
      const { header, payload } = await this.#transport.recv(ours.source, channelOf(ours), seconds)
      this.#received[from]++
      checkSame(ours, header, this.#group.ranks[this.#group.rank])
      array.set(elementsOf(payload, header.dtype))
    } finally {
      this.#receiving.delete(from)
    }
  }

  #header(source: number, array: TypedArray): Omit<Header, 'sequence'> {
    const { id: group, ranks } = this.#group
    const call = { epoch: this.#epoch, group, step: 0, op: Op.send, layoutHash: 0 }
    return { ...call, source: ranks[source], dtype: DType[dtypeOf(array)], length: array.length }
  }
}

function checkSame(ours: Header, theirs: Header, rank: number): void {
  const fields = ['epoch', 'group', 'sequence', 'dtype', 'length'] as const
  if (fields.every(field => ours[field] === theirs[field])) return
  const describe = (h: Header) => `${describeArray(h)} (message #${h.sequence}, epoch ${h.epoch})`
  throw new MismatchError(
    `rank ${rank} receives ${describe(ours)}, but rank ${theirs.source} sent ${describe(theirs)}`,
  )
}
