/** Doubles taken apart and put together by their bits. */

const scratch = new Float64Array(1)
const words = new Int32Array(scratch.buffer)
const HIGH = 1 // little-endian, as every platform that we run on

/** 2^-1074 .. 2^1023: all powers of two that are doubles. */
const powers = new Float64Array(2098)
powers[0] = Number.MIN_VALUE
for (let i = 1; i < powers.length; i++) powers[i] = 2 * powers[i - 1]

/** 2^k for a whole number k in -1074 .. 1023. */
export function powerOfTwo(k: number): number {
  return powers[k + 1074]
}

/** floor(log2 |x|) of a normal number; -1023 for 0 and subnormals, 1024 for Infinity and NaN. */
export function exponentOf(x: number): number {
  scratch[0] = x
  return ((words[HIGH] >>> 20) & 0x7ff) - 1023
}
