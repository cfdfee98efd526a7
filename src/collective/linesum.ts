import { after, type Eventually } from '../base/eventually.ts'
import { LINE, segmentPlaces } from '../base/segment.ts'
import { bytesPerElement, dtypeOf, type TypedArray, viewOf } from './arrays.ts'
import type { Exchange } from './exchange.ts'
import { DType, type DTypeName } from './frame.ts'
import { ELSEWHERE, type Meeting, ROOM } from './meeting.ts'
import type { Reduce } from './reduce.ts'

/** Reduces arrays that have room in a rank's line: there they are when all have arrived, and every rank reads them all. */
export class LineSum {
  readonly #rank: number
  readonly #meeting: Meeting
  /** The room in each line, as each type has it: [turn][rank]. */
  readonly #rooms: Record<DTypeName, TypedArray[][]>

  constructor(memory: ArrayBuffer, rank: number, size: number, meeting: Meeting) {
    const places = segmentPlaces(size)
    const room = (rank: number, turn: number, dtype: DTypeName) =>
      viewOf(memory, places.line(rank, turn) + ROOM, (LINE - ROOM) / bytesPerElement(dtype), dtype)
    const roomsOf = (dtype: DTypeName) =>
      [0, 1].map(turn => Array.from({ length: size }, (_, rank) => room(rank, turn, dtype)))
    this.#rank = rank
    this.#meeting = meeting
    this.#rooms = Object.fromEntries(
      (Object.keys(DType) as DTypeName[]).map(dtype => [dtype, roomsOf(dtype)]),
    ) as Record<DTypeName, TypedArray[][]>
  }

  reduce(x: Exchange, array: TypedArray, reduce: Reduce): Eventually<void> {
    const rooms = this.#rooms[dtypeOf(array)][this.#meeting.nextTurn]
    const own = rooms[this.#rank]
    for (let i = 0; i < array.length; i++) own[i] = array[i]
    return after(this.#meeting.enter(x, 0, array.byteLength, ELSEWHERE), () => {
      for (let i = 0; i < array.length; i++) array[i] = rooms[0][i]
      for (let rank = 1; rank < rooms.length; rank++) reduce(array, rooms[rank])
    })
  }
}
