import { type SegmentPlaces, segmentPlaces } from '../base/segment.ts'
import { bytesOf, copyOf, dtypeOf, type TypedArray, viewOf } from './arrays.ts'
import { MOST_SOURCES, sumKernels } from './kernels/load.ts'
import { ELSEWHERE, type Meeting } from './meeting.ts'
import { isFloat, isWide, type Reduce, reductions } from './reduce.ts'

/**
 * What one rank does between two meetings: reduces its slice of everybody's array, in rank order, and puts the result
 * where each rank looks for it. An array that lies in shared memory is read and written where it is; of one that does
 * not, the slot has a copy and the result is read from the common place.
 */
export class SliceSum {
  readonly #memory: ArrayBuffer
  readonly #bytes: Uint8Array
  readonly #rank: number
  readonly #size: number
  readonly #meeting: Meeting
  readonly #places: SegmentPlaces
  /** Bytes from the start of the memory, ELSEWHERE for the caller's own array: first every source, then the targets. */
  readonly #list: Float64Array

  constructor(memory: ArrayBuffer, rank: number, size: number, meeting: Meeting) {
    this.#memory = memory
    this.#bytes = new Uint8Array(memory)
    this.#rank = rank
    this.#size = size
    this.#meeting = meeting
    this.#places = segmentPlaces(size)
    this.#list = new Float64Array(2 * size + 1)
  }

  /**
   * Elements `first` to `last` of all arrays, of which `array` is this rank's.
   * @param aside puts the result into the common place only.
   */
  reduce(array: TypedArray, first: number, last: number, reduce: Reduce, aside: boolean): void {
    const targets = this.#listPlaces(first * array.BYTES_PER_ELEMENT, aside)
    const own = array.subarray(first, last)
    const kernels =
      reduce === reductions.sum && isFloat(array) && this.#size <= MOST_SOURCES ? sumKernels() : null
    if (kernels)
      kernels.sum(
        this.#bytes,
        bytesOf(own),
        this.#list,
        this.#size,
        targets,
        isWide(array) ? 1 : 0,
        own.byteLength,
      )
    else this.#loop(own, targets, reduce)
  }

  /** Returns how many targets there are. */
  #listPlaces(offset: number, aside: boolean): number {
    const list = this.#list
    let [end, copied] = [this.#size, aside]
    for (let rank = 0; rank < this.#size; rank++) {
      const place = this.#meeting.place(rank)
      const mine = rank === this.#rank
      list[rank] = place !== ELSEWHERE ? place + offset : mine ? ELSEWHERE : this.#places.slot(rank) + offset
      if (place === ELSEWHERE && !mine) copied = true
      else if (!aside) list[end++] = list[rank]
    }
    if (copied) list[end++] = this.#places.result + offset
    return end - this.#size
  }

  /** The kernel's twin, for other reductions and types, and for machines without it. */
  #loop(own: TypedArray, targets: number, reduce: Reduce): void {
    const at = (i: number) => {
      const place = this.#list[i]
      return place === ELSEWHERE ? own : viewOf(this.#memory, place, own.length, dtypeOf(own))
    }
    const sum = copyOf(at(0))
    for (let rank = 1; rank < this.#size; rank++) reduce(sum, at(rank))
    for (let target = 0; target < targets; target++) at(this.#size + target).set(sum)
  }
}
