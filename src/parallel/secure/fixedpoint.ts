/**
 * Numbers of an update as int32, so that sums are exact, in any order, and masks cancel: multiples of 2^-24 between
 * -64 and 64. What clients add up is weighted by shares that sum to at most 1, so no sum of theirs leaves int32.
 */
const ONE = 16_777_216
const LIMIT = 64

/** @param share of this client in the sum, at most 1; what is beyond the range becomes its end, NaN too. */
export function toFixed(update: Iterable<number>, share: number): Int32Array {
  return Int32Array.from(update, x => Math.round(share * clamp(x) * ONE))
}

/** Adds numbers to such a sum, in place. */
export function addFixed(sum: Int32Array, added: Float64Array): void {
  for (let i = 0; i < sum.length; i++) sum[i] += Math.round(added[i] * ONE)
}

export function fromFixed(sum: Int32Array): Float64Array {
  return Float64Array.from(sum, x => x / ONE)
}

const clamp = (x: number): number => (x < LIMIT ? Math.max(x, -LIMIT) : LIMIT)
