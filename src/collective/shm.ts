import { after, type Eventually } from '../base/eventually.ts'
import { part } from '../base/math/parts.ts'
import { LINE, type SegmentPlaces, SLOT_BYTES, segmentPlaces } from '../base/segment.ts'
import { slice } from './algorithm.ts'
import { bytesOf, copyOf, dtypeOf, elementsOf, type TypedArray, viewOf } from './arrays.ts'
import type { Exchange } from './exchange.ts'
import type { DTypeName } from './frame.ts'
import type { HostMemory } from './hostmemory.ts'
import { LineSum } from './linesum.ts'
import { ELSEWHERE, Meeting, type Patience, ROOM } from './meeting.ts'
import type { Reduce } from './reduce.ts'
import { SliceSum } from './slicesum.ts'

/**
 * Collectives through memory that the ranks of one host share: no message, two meetings. Allreduce:
 *
 *   slot 0 ┐                        1. every rank copies its array into its slot
 *   slot 1 ├─ rank r sums slice r ─► result      -- all have arrived --
 *   slot 2 ┘  over all slots        2. every rank sums one slice into the result
 *                                                -- all have arrived --
 *                                   3. every rank copies the result out
 *
 * Its own slice a rank reads where the caller has it, and writes there. Cost with N ranks, S bytes, beta s per byte
 * copied, gamma s per reduced byte, alpha s per meeting:
 *   2 alpha + 2 (N-1)/N S beta + S gamma      (alpha is under a microsecond while ranks have a core each)
 *
 * An array that lies in the memory (buffer()) is not copied: its rank says where it is, and who sums a slice writes
 * the sum into every rank's array:
 *   2 alpha + S gamma
 *
 * An array of a few bytes goes in the line by which its rank arrives: one meeting, and every rank sums all of it.
 *
 * Slices are summed in rank order, so all ranks end with the same bits. Arrays longer than a slot go through in parts.
 * Nothing here makes a promise unless another rank is late.
 */
export class SharedMemory implements HostMemory {
  readonly #rank: number
  readonly #size: number
  readonly #memory: ArrayBuffer
  readonly #places: SegmentPlaces
  readonly #meeting: Meeting
  readonly #sum: SliceSum
  readonly #lineSum: LineSum
  #free: number

  /**
   * @param memory mapped by all ranks of the host, segmentBytes() of it; zero at first, or each has called Meeting.clear().
   * @param rank among them.
   * @param ranks theirs in the job.
   * @param patience with which they wait for each other.
   */
  constructor(memory: ArrayBuffer, rank: number, ranks: readonly number[], patience?: Patience) {
    this.#rank = rank
    this.#size = ranks.length
    this.#memory = memory
    this.#places = segmentPlaces(ranks.length)
    this.#meeting = new Meeting(memory, rank, ranks, patience)
    this.#lineSum = new LineSum(memory, rank, ranks.length, this.#meeting)
    this.#sum = new SliceSum(memory, rank, ranks.length, this.#meeting)
    this.#free = this.#places.buffers(rank)
  }

  buffer(length: number, dtype: DTypeName): TypedArray | null {
    const limit = this.#places.buffers(this.#rank + 1)
    if (this.#free + 8 * length > limit) return null
    const array = viewOf(this.#memory, this.#free, length, dtype)
    this.#free = Math.ceil((this.#free + array.byteLength) / LINE) * LINE
    return array.fill(0)
  }

  allreduce(x: Exchange, array: TypedArray, reduce: Reduce): Eventually<void> {
    if (array.byteLength <= LINE - ROOM) return this.#lineSum.reduce(x, array, reduce)
    if (array.byteLength <= SLOT_BYTES) return this.#reducePart(x, 0, array, reduce)
    return this.#reduceParts(x, array, reduce)
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
    await this.#meeting.enter(x, 0, 0, ELSEWHERE)
    await this.#meeting.leave(x) // until then lines are read
  }

  fail(error: Error): void {
    this.#meeting.fail(error)
  }

  async reduceThen(
    x: Exchange,
    step: number,
    array: TypedArray,
    reduce: Reduce,
    beyond: (sum: TypedArray) => Eventually<void>,
  ): Promise<void> {
    await this.#addUp(x, step, array, reduce, true)
    const sum = viewOf(this.#memory, this.#places.result, array.length, dtypeOf(array))
    if (this.#rank === 0) await beyond(sum)
    await this.#meeting.leave(x)
    array.set(sum)
  }

  async #reduceParts(x: Exchange, array: TypedArray, reduce: Reduce): Promise<void> {
    const most = SLOT_BYTES / array.BYTES_PER_ELEMENT
    for (let step = 0; step * most < array.length; step++)
      await this.#reducePart(x, step, array.subarray(step * most, (step + 1) * most), reduce)
  }

  #reducePart(x: Exchange, step: number, array: TypedArray, reduce: Reduce): Eventually<void> {
    return after(this.#addUp(x, step, array, reduce, false), () => {
      if (array.buffer !== this.#memory) this.#copyAround(this.#places.result, array, 'out')
    })
  }

  /** Both meetings: afterwards the sum is where it belongs, or `aside`, in the common place only. */
  #addUp(x: Exchange, step: number, array: TypedArray, reduce: Reduce, aside: boolean): Eventually<void> {
    const here = array.buffer === this.#memory
    if (!here) this.#copyAround(this.#places.slot(this.#rank), array, 'in')
    const place = here ? array.byteOffset : ELSEWHERE
    return after(this.#meeting.enter(x, step, array.byteLength, place), () => {
      const { first, last } = part(array.length, this.#rank, this.#size)
      this.#sum.reduce(array, first, last, reduce, aside)
      return this.#meeting.leave(x)
    })
  }

  /**
   * Copies an array into its slot, or out of the common place: all but the slice that this rank sums itself, which
   * nobody else reads, and which it has.
   */
  #copyAround(place: number, array: TypedArray, way: 'in' | 'out'): void {
    const { first, last } = part(array.length, this.#rank, this.#size)
    const bytes = bytesOf(array)
    for (const [from, to] of [
      [0, first * array.BYTES_PER_ELEMENT],
      [last * array.BYTES_PER_ELEMENT, bytes.length],
    ]) {
      if (from === to) continue
      const [there, here] = [this.#view(place + from, to - from), bytes.subarray(from, to)]
      if (way === 'in') there.set(here)
      else here.set(there)
    }
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
      const step = root + part * this.#size
      const mine = bytes.subarray(begin, begin + SLOT_BYTES)
      this.#view(this.#places.slot(this.#rank), mine.length).set(mine)
      await this.#meeting.enter(x, step, bytes.length, ELSEWHERE)
      if (part === 0)
        all = Array.from({ length: this.#size }, (_, rank) => new Uint8Array(this.#meeting.bytes(rank)))
      for (const [rank, other] of all.entries()) {
        const length = Math.min(SLOT_BYTES, other.length - begin)
        if (length > 0 && wanted(rank)) other.set(this.#view(this.#places.slot(rank), length), begin)
      }
      await this.#meeting.leave(x)
      begin += SLOT_BYTES
    }
    return all
  }

  #view(place: number, bytes: number): Uint8Array {
    return new Uint8Array(this.#memory, place, bytes)
  }
}
