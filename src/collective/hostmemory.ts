import type { Eventually } from '../base/eventually.ts'
import type { Algorithm } from './algorithm.ts'
import type { TypedArray } from './arrays.ts'
import type { Carrier } from './carrier.ts'
import type { Exchange } from './exchange.ts'
import type { DTypeName } from './frame.ts'
import type { Reduce } from './reduce.ts'

/** What the ranks of one host do together through memory that they share (shm.ts). */
export interface HostMemory extends Algorithm, Carrier {
  /** An array of zeros in this rank's part of the memory, there until the process ends; null when there is no more. */
  buffer(length: number, dtype: DTypeName): TypedArray | null
  /**
   * As allreduce(), of an array that fits a slot; but before anybody sees the sum `beyond` gets it, on the first rank, to
   * put another in its place.
   */
  reduceThen(
    x: Exchange,
    step: number,
    array: TypedArray,
    reduce: Reduce,
    beyond: (sum: TypedArray) => Eventually<void>,
  ): Promise<void>
  /** Ends the wait under way and all later ones with this error. */
  fail(error: Error): void
}
