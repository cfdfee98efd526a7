/**
 * The memory in which the ranks of one host add up (collective/shm.ts): its agent makes it, they map it.
 *
 *   each rank's two lines | each rank's sleepers | each rank's slot | result | each rank's buffers
 */

/** Words that different ranks write lie on cache lines of their own. */
export const LINE = 64

/** Of a slot, and of the result. Memory that is not touched costs nothing. */
export const SLOT_BYTES: number = 4 << 20

/** Of all buffers together: Node maps no more than 4 GiB as one array. */
const ALL_BUFFERS = 0x8000_0000

/** Of a rank's buffers: arrays that scripts ask for, to save the copies into its slot and out of the result. */
const bufferBytes = (ranks: number): number =>
  Math.min(64 << 20, LINE * Math.floor(ALL_BUFFERS / ranks / LINE))

/** Where each part begins, in bytes, on a host with so many ranks. */
export interface SegmentPlaces {
  /** A rank's lines take turns: `turn` is 0 or 1. */
  line(rank: number, turn: number): number
  sleepers(rank: number): number
  slot(rank: number): number
  result: number
  buffers(rank: number): number
}

export function segmentPlaces(ranks: number): SegmentPlaces {
  const slots = 3 * ranks * LINE
  const result = slots + ranks * SLOT_BYTES
  return {
    line: (rank, turn) => (2 * rank + turn) * LINE,
    sleepers: rank => (2 * ranks + rank) * LINE,
    slot: rank => slots + rank * SLOT_BYTES,
    result,
    buffers: rank => result + SLOT_BYTES + rank * bufferBytes(ranks),
  }
}

export const segmentBytes = (ranks: number): number => segmentPlaces(ranks).buffers(ranks)

/** Large enough for the pages of every kind of machine. */
const PAGE = 1 << 16

/** Where the second of two segments begins in the memory of a host with so many ranks: those of a job whose ranks may change. */
export const secondHalf = (ranks: number): number => Math.ceil(segmentBytes(ranks) / PAGE) * PAGE
