/**
 * numpy's default generator, bit by bit: a whole number is spread over the state by numpy's SeedSequence (after
 * M. E. O'Neill's seed_seq), and PCG64 (XSL-RR 128/64; O'Neill 2014) draws. What it is for: Gymnasium's own
 * start states in `reset({ seed })`. Training draws from base/math/streams.ts.
 */

const MASK_64 = (1n << 64n) - 1n
const MASK_128 = (1n << 128n) - 1n
const MULTIPLIER = 0x2360ed051fc65da44385df649fccf645n

/** A generator seeded as `numpy.random.default_rng(seed)`, seed a whole number 0 .. 2^53 - 1. */
export class Pcg64 {
  #state: bigint
  readonly #increment: bigint

  constructor(seed: number) {
    const words = seedWords(seed)
    const start = joined(words.slice(0, 4))
    this.#increment = ((joined(words.slice(4, 8)) << 1n) | 1n) & MASK_128
    this.#state = this.#after((this.#increment + start) & MASK_128)
  }

  /** Uniform in [0, 1): the upper 53 of the next 64 bits. */
  nextDouble(): number {
    return Number(this.#next64() >> 11n) * 1.1102230246251565e-16
  }

  /** Steps, then folds the 128 bits to 64 and rotates them by the upper 6. */
  #next64(): bigint {
    this.#state = this.#after(this.#state)
    const folded = (this.#state >> 64n) ^ (this.#state & MASK_64)
    const turn = this.#state >> 122n
    return ((folded >> turn) | (folded << (64n - turn))) & MASK_64
  }

  #after(state: bigint): bigint {
    return (state * MULTIPLIER + this.#increment) & MASK_128
  }
}

/** 128 bits of four words: the first two are the upper half, and in each half the lower word comes first. */
function joined(words: readonly number[]): bigint {
  const [a, b, c, d] = words.map(BigInt)
  return (b << 96n) | (a << 64n) | (d << 32n) | c
}

/** SeedSequence(seed).generate_state(8): eight 32-bit words. */
function seedWords(seed: number): number[] {
  const pool = entropyPool(seed)
  const scramble = hash(0x8b51f9dd, 0x58f38ded)
  return Array.from({ length: 8 }, (_, i) => scramble(pool[i % 4]))
}

/** The seed's two words, hashed into a pool of four, each of which then meets every other. */
function entropyPool(seed: number): number[] {
  const scramble = hash(0x43b0d7e5, 0x931e8875)
  const pool = [seed >>> 0, Math.floor(seed / 4294967296), 0, 0].map(scramble)
  for (let from = 0; from < 4; from++) {
    for (let to = 0; to < 4; to++) if (to !== from) pool[to] = mixed(pool[to], scramble(pool[from]))
  }
  return pool
}

/** A hash of 32-bit words whose multiplier moves on with every call. */
function hash(start: number, factor: number): (word: number) => number {
  let multiplier = start
  return word => {
    const differing = word ^ multiplier
    multiplier = Math.imul(multiplier, factor)
    return folded(Math.imul(differing, multiplier))
  }
}

function mixed(a: number, b: number): number {
  return folded(Math.imul(0xca01f9dd, a) - Math.imul(0x4973f715, b))
}

function folded(word: number): number {
  return (word ^ (word >>> 16)) >>> 0
}
