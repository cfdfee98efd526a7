import { LINE, SLOT_BYTES } from '../base/segment.ts'
import { type Algorithm, slice } from './algorithm.ts'
import { bytesOf, copyOf, elementsOf, type TypedArray } from './arrays.ts'
import type { Carrier } from './carrier.ts'
import type { Exchange } from './exchange.ts'
import { Meeting } from './meeting.ts'
import type { Reduce } from './reduce.ts'

/**
 * Collectives through memory that the ranks of one host share: no message, two meetings. Allreduce:
 *
 *   slot 0 ┐                        1. every rank copies its array into its slot
 *   slot 1 ├─ rank r sums slice r ─► result      -- all have arrived --
 *   slot 2 ┘  over all slots        2. every rank sums one slice into the result
 *                                                -- all have arrived --
 *                                   3. every rank copies the result out
 *
 * Cost with N ranks, S bytes, beta s per byte copied, gamma s per reduced byte, alpha s per meeting:
 *   2 alpha + 2 S beta + S gamma      (alpha is under a microsecond while ranks have a core each)
 * Slices are summed in rank order, so all ranks end with the same bits. Arrays longer than a slot go through in parts.
 */
export class SharedMemory implements Algorithm, Carrier {
  readonly #rank: number
  readonly #size: number
  readonly #memory: ArrayBuffer
  readonly #meeting: Meeting

  /** @param memory mapped by all ranks, segmentBytes(size) of it, zero at first. */
  constructor(memory: ArrayBuffer, rank: number, size: number) {
    this.#rank = rank
    this.#size = size
    this.#memory = memory
    this.#meeting = new Meeting(memory, rank, size)
  }

  async allreduce(x: Exchange, array: TypedArray, reduce: Reduce): Promise<void> {
    const part = SLOT_BYTES / array.BYTES_PER_ELEMENT
    for (let step = 0; step === 0 || step * part < array.length; step++)
      await this.#reducePart(x, step, array.subarray(step * part, (step + 1) * part), reduce)
  }

  async reduceScatter(x: Exchange, array: TypedArray, reduce: Reduce): Promise<TypedArray> {
    const whole = copyOf(array)
    await this.allreduce(x, whole, reduce)
    return copyOf(slice(whole, this.#rank, this.#size))
  }

  async allgather(x: Exchange, array: TypedArray): Promise<TypedArray[]> {
    return (await this.#gatherFrom(x, array, 0, () => true)).map(bytes => elementsOf(bytes, x.call.dtype))
  }

  async gather(x: Exchange, array: TypedArray, root: number): Promise<TypedArray[] | null> {
    const all = await this.#gatherFrom(x, array, root, () => this.#rank === root)
    return this.#rank === root ? all.map(bytes => elementsOf(bytes, x.call.dtype)) : null
  }

  async broadcast(x: Exchange, array: TypedArray, root: number): Promise<void> {
    const mine = this.#rank === root ? array : array.subarray(0, 0)
    const all = await this.#gatherFrom(x, mine, root, rank => rank === root)
    if (this.#rank !== root) bytesOf(array).set(all[root])
  }

  async barrier(x: Exchange): Promise<void> {
    const call = { ...x.call, step: 0 }
    await this.#meeting.enter(call, 0, x.seconds)
    await this.#meeting.leave(call, x.seconds) // until then headers are read
  }

  /** Ends the wait under way and all later ones with this error. */
  fail(error: Error): void {
    this.#meeting.fail(error)
  }

  async #reducePart(x: Exchange, step: number, part: TypedArray, reduce: Reduce): Promise<void> {
    const call = { ...x.call, step }
    const bytes = part.byteLength
    this.#slot(this.#rank, bytes).set(bytesOf(part))
    await this.#meeting.enter(call, bytes, x.seconds)
    const mine = (slot: number) =>
      slice(elementsOf(this.#slot(slot, bytes), call.dtype), this.#rank, this.#size)
    const result = mine(this.#size)
    result.set(mine(0))
    for (let rank = 1; rank < this.#size; rank++) reduce(result, mine(rank))
    await this.#meeting.leave(call, x.seconds)
    bytesOf(part).set(this.#slot(this.#size, bytes))
  }

  /**
   * Everybody's bytes, by rank, of the ranks that `wanted` names; the others' are zero. The first part of each comes
   * with its length, so all know how many parts there are. Parts are numbered from the root on in steps of the
   * ranks, so that ranks that disagree about the root notice.
   */
  async #gatherFrom(
    x: Exchange,
    array: TypedArray,
    root: number,
    wanted: (rank: number) => boolean,
  ): Promise<Uint8Array[]> {
    const bytes = bytesOf(array)
    let all: Uint8Array[] = []
    for (let part = 0, begin = 0; part === 0 || all.some(other => other.length > begin); part++) {
      const call = { ...x.call, step: root + part * this.#size }
      const mine = bytes.subarray(begin, begin + SLOT_BYTES)
      this.#slot(this.#rank, mine.length).set(mine)
      await this.#meeting.enter(call, bytes.length, x.seconds)
      if (part === 0)
        all = Array.from({ length: this.#size }, (_, rank) => new Uint8Array(this.#meeting.bytes(rank)))
      for (const [rank, other] of all.entries()) {
        const length = Math.min(SLOT_BYTES, other.length - begin)
        if (length > 0 && wanted(rank)) other.set(this.#slot(rank, length), begin)
      }
      await this.#meeting.leave(call, x.seconds)
      begin += SLOT_BYTES
    }
    return all
  }

  /** The first bytes of a rank's slot; of the result, after the last rank's. */
  #slot(rank: number, bytes: number): Uint8Array {
    return new Uint8Array(this.#memory, (3 + this.#size) * LINE + rank * SLOT_BYTES, bytes)
  }
}
