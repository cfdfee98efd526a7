import type { Eventually } from '../base/eventually.ts'
import { part } from '../base/math/parts.ts'
import type { TypedArray } from './arrays.ts'
import type { Exchange } from './exchange.ts'
import type { Reduce } from './reduce.ts'

/**
 * A way to reduce an array over all ranks. Whatever the way, all ranks end with the same bits; where every
 * partial sum is exact (base/math/exact.ts) all ways give the same ones.
 *
 * The formulae beside the algorithms: N ranks, S bytes; alpha s per message, beta s per byte, gamma s per
 * reduced byte. Messages that a rank sends at the same time to several others count as one alpha.
 */
export interface Algorithm {
  /** In place. */
  allreduce(x: Exchange, array: TypedArray, reduce: Reduce): Eventually<void>
  /** Slice `rank` of the result, in memory of its own; `array` stays as it is. */
  reduceScatter(x: Exchange, array: TypedArray, reduce: Reduce): Eventually<TypedArray>
}

/** Slice k (modulo N) of `array`; slices differ in length by at most one element. */
export function slice(array: TypedArray, k: number, size: number): TypedArray {
  const { first, last } = part(array.length, modulo(k, size), size)
  return array.subarray(first, last)
}

export const modulo = (k: number, n: number): number => ((k % n) + n) % n
