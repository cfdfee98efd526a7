/**
 * Sums that do not depend on their order (ARCHITECTURE decision 5; Demmel and Nguyen, "Fast reproducible
 * floating-point summation", 2013, with one bin). Each summand is rounded once to a multiple of a common power
 * of two, the grid. Multiples of g whose sums stay within 2^53 g add without rounding, in any order.
 */
import { exponentOf, powerOfTwo } from './bits.ts'

const TWO_51 = 2251799813685248
const TWO_52 = 4503599627370496
const TWO_53 = 9007199254740992

/** 2^-140: the grid before anything is known, and the finest one. */
export const GRID_FLOOR: number = powerOfTwo(-140)

/** Bits between the grid and the magnitude it is made from; 12 are left for growth. */
const GRID_BITS = 40

/** 2^(floor(log2 m) - 40) for a magnitude m of 0 .. 2^1000, at least GRID_FLOOR. */
export function gridOf(magnitude: number): number {
  return Math.max(GRID_FLOOR, powerOfTwo(Math.max(exponentOf(magnitude), -1000) - GRID_BITS))
}

/** The multiple of `grid` (a power of two) nearest to x, ties to even; NaN and infinities stay. */
export function roundToGrid(x: number, grid: number): number {
  const shift = TWO_52 * grid
  if (Math.abs(x) >= shift) return x // a multiple already: its last bit is worth at least the grid
  return x >= 0 ? x + shift - shift : x - shift + shift // between shift and 2 shift doubles are one grid apart
}

/**
 * Whether `numShards` numbers of magnitude up to `largest`, rounded to `grid`, have the same sum in any order.
 * False for NaN and Infinity. Each within 2^51 grid, where kernels round with one addition and one subtraction. (Rounding up may carry the full sum a few steps beyond 2^53 grid: then only the
 * addition that completes it rounds, and what it rounds is the exact sum.)
 */
export function fitsGrid(largest: number, numShards: number, grid: number): boolean {
  return numShards * largest <= TWO_53 * grid && largest <= TWO_51 * grid
}
