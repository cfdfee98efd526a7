/**
 * The memory in which the ranks of one host add up (collective/shm.ts): its agent makes it, they map it.
 *
 *   counter | generation | sleepers | header of each rank | slot of each rank | result
 */

/** Words that different ranks write lie on cache lines of their own. */
export const LINE = 64

/** Of a slot, and of the result. Memory that is not touched costs nothing. */
export const SLOT_BYTES: number = 4 << 20

export const segmentBytes = (ranks: number): number => 3 * LINE + ranks * LINE + (ranks + 1) * SLOT_BYTES
