/**
 * Random numbers as functions of (seed, purpose, id, event, draw): never of the rank, and without a state.
 * Philox4x32-10 of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011):
 * the key is the seed (a whole number 0 .. 2^53 - 1, low word first), the counter [draw, event, id, purpose].
 */
import { cos, log } from './elementary.ts'

/** What a random number is for: equal counters of different purposes are unrelated. */
export const Purpose = {
  /** First values of the parameters: id = tensor, draw = element. */
  init: 1,
  /** Start states in training: id = global environment, event = episode. */
  reset: 2,
  /** Sampled actions: id = global environment, event = step. */
  action: 3,
  /** Order of a shard's rows in an epoch: id = shard, event = epoch. */
  shuffle: 4,
  /** Start states in evaluation: id = environment, event = episode. */
  evaluation: 5,
  /** Times in a simulated cluster: id = rank, event = draw. */
  simulation: 6,
  /** Who is in a round of a federation, and who drops out: id = client, event = update. */
  client: 7,
  /** How a population explores: id = member, event = update, draw = setting. */
  explore: 8,
} as const

const PER_2_32 = 2.3283064365386963e-10
const PER_2_53 = 1.1102230246251565e-16
const block = new Uint32Array(4)

/** One block: four 32-bit words into `out`. Counter c0 .. c3 and key k0, k1 are whole numbers, taken modulo 2^32. */
export function philox(
  out: Uint32Array,
  c0: number,
  c1: number,
  c2: number,
  c3: number,
  k0: number,
  k1: number,
): void {
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(0xd2511f53, c0)
    const low0 = Math.imul(0xd2511f53, c0)
    const high1 = multiplyHigh(0xcd9e8d57, c2)
    const low1 = Math.imul(0xcd9e8d57, c2)
    c0 = high1 ^ c1 ^ k0
    c1 = low1
    c2 = high0 ^ c3 ^ k1
    c3 = low0
    k0 = (k0 + 0x9e3779b9) | 0
    k1 = (k1 + 0xbb67ae85) | 0
  }
  out[0] = c0
  out[1] = c1
  out[2] = c2
  out[3] = c3
}

/** A number in [0, 1), a multiple of 2^-53: from the block's first two words. */
export function uniform(seed: number, purpose: number, id: number, event: number, draw: number): number {
  philox(block, draw, event, id, purpose, seed | 0, Math.floor(seed / 4294967296))
  return unit(block[0], block[1])
}

/** Fills `out` with numbers in [0, 1), multiples of 2^-32: four from each block, so a quarter of what `uniform` costs. */
export function uniforms(out: Float64Array, seed: number, purpose: number, id: number, event: number): void {
  for (let i = 0; i < out.length; i++) {
    if ((i & 3) === 0) philox(block, i >> 2, event, id, purpose, seed | 0, Math.floor(seed / 4294967296))
    out[i] = block[i & 3] * PER_2_32
  }
}

/** A standard normal number: Box and Muller's transform of the block's two uniforms. */
export function normal(seed: number, purpose: number, id: number, event: number, draw: number): number {
  philox(block, draw, event, id, purpose, seed | 0, Math.floor(seed / 4294967296))
  const radius = Math.sqrt(-2 * log(1 - unit(block[0], block[1]))) // the logarithm's argument is in (0, 1]
  return radius * cos(6.283185307179586 * unit(block[2], block[3]))
}

/**
 * Fills `out` with 0 .. n-1 in random order (Fisher and Yates): draw i swaps place i with floor(uniform * (i + 1)).
 * That product rounds to at most i + 1 - ulp, so the index is in range; it is uniform to within n 2^-53.
 */
export function permutation(out: Int32Array, seed: number, purpose: number, id: number, event: number): void {
  for (let i = 0; i < out.length; i++) out[i] = i
  for (let i = out.length - 1; i > 0; i--) {
    const j = Math.floor(uniform(seed, purpose, id, event, i) * (i + 1))
    const kept = out[i]
    out[i] = out[j]
    out[j] = kept
  }
}

/** 27 bits of one word and 26 of another. */
function unit(first: number, second: number): number {
  return ((first >>> 5) * 67108864 + (second >>> 6)) * PER_2_53
}

/** High word of a 32 by 32 bit product, by 16-bit halves: the whole product is no exact double. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff
  const aHigh = a >>> 16
  const bLow = b & 0xffff
  const bHigh = b >>> 16
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16)
  const carry = aLow * bHigh + (middle & 0xffff)
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + (carry >>> 16)) | 0
}
