/**
 * Elementary functions whose results are the same on every JavaScript engine: only operations that IEEE 754
 * rounds correctly are used (ARCHITECTURE decision 11). Within 2 ulp of the true value unless a function says
 * otherwise; NaN gives NaN, and zeros keep their sign where the function does.
 *
 * The polynomials are Taylor series, cut where the rest is below a tenth of an ulp, and summed in pairs rather
 * than by Horner's rule: shorter chains of dependent operations, which is what a call costs.
 */
import { exponentOf, powerOfTwo } from './bits.ts'

/** Adding and subtracting 1.5 * 2^52 rounds |x| < 2^51 to the nearest whole number, ties to even. */
const ROUND = 6755399441055744

// ln 2 = HI + LO. HI has 40 bits, so k * HI is exact for every exponent k.
const LN2_HI = 0.6931471805592082
const LN2_LO = 7.371002565167799e-13
const PER_LN2 = Math.LOG2E

// pi/2 = A + B + C. A and B have 36 and 33 bits, so n * A and n * B are exact up to n = 2^16.
const HALF_PI_A = 1.5707963267923333
const HALF_PI_B = 2.5633441512663184e-12
const HALF_PI_C = 3.2820035428735005e-22
const PER_HALF_PI = 0.6366197723675814
const TWO_PI = 6.283185307179586
/** Largest argument that the three parts of pi/2 reduce at full accuracy. */
const LARGEST_ANGLE = 1e5

/** Above it e^x is not a finite double. */
const LARGEST_EXPONENT = 709.782712893384

/** e^x. */
export function exp(x: number): number {
  if (!(x <= LARGEST_EXPONENT)) return x > 0 ? Infinity : NaN
  if (x < -746) return 0
  const k = wholeExponent(x)
  const y = 1 + expm1Near0(x - k * LN2_HI - k * LN2_LO)
  // 2^1024 is no double, and a subnormal result must be rounded once: both take two factors.
  if (k > 1000) return y * powerOfTwo(k - 60) * powerOfTwo(60)
  if (k < -1000) return y * powerOfTwo(k + 60) * powerOfTwo(-60)
  return y * powerOfTwo(k)
}

/** e^x - 1, accurate near 0 too. */
export function expm1(x: number): number {
  if (x === 0) return x
  if (x < -40) return -1
  if (!(x <= 60)) return exp(x)
  return expm1Moderate(x)
}

/** Natural logarithm; -Infinity at 0, NaN below. */
export function log(x: number): number {
  if (!(x > 0)) return x === 0 ? -Infinity : NaN
  if (x === Infinity) return x
  if (x < 2.2250738585072014e-308) return log(x * powerOfTwo(54)) - 54 * LN2_HI - 54 * LN2_LO
  let e = exponentOf(x)
  let m = x * powerOfTwo(-e)
  if (m > Math.SQRT2) {
    m *= 0.5
    e += 1
  }
  return e * LN2_HI + (log1pNear0(m - 1) + e * LN2_LO)
}

/** log(1 + x), accurate near 0 too. */
export function log1p(x: number): number {
  if (x > -0.25 && x < 0.4) return x === 0 ? x : log1pNear0(x)
  const u = 1 + x
  if (!(u > 0 && u < Infinity)) return log(u)
  const lost = x < 1 ? x - (u - 1) : 1 - (u - x) // u + lost is 1 + x exactly
  return log(u) + lost / u
}

/** Hyperbolic tangent; within 3 ulp. */
export function tanh(x: number): number {
  const a = Math.abs(x)
  if (!(a <= 20)) return x > 0 ? 1 : x < 0 ? -1 : NaN
  if (a < 1e-9) return x
  const t = expm1Moderate(2 * a)
  const y = t / (t + 2)
  return x < 0 ? -y : y
}

/**
 * Sine, of radians: absolute error below 1e-15 for |x| <= 1e5. Beyond, x is first taken modulo the double
 * nearest to 2 pi, so the error grows as 4e-17 |x|; NaN for Infinity.
 */
export function sin(x: number): number {
  if (x === 0) return x
  const a = moderateAngle(x)
  const n = quarterTurns(a)
  const r = withoutQuarterTurns(a, n)
  const y = n & 1 ? cosNear0(r) : sinNear0(r)
  return n & 2 ? -y : y
}

/** Cosine, of radians; accuracy as for `sin`. */
export function cos(x: number): number {
  const a = moderateAngle(x)
  const n = quarterTurns(a)
  const r = withoutQuarterTurns(a, n)
  const y = n & 1 ? sinNear0(r) : cosNear0(r)
  return (n + 1) & 2 ? -y : y
}

/** An angle within the range that is reduced at full accuracy. */
export function moderateAngle(x: number): number {
  return Math.abs(x) <= LARGEST_ANGLE ? x : x % TWO_PI
}

/** The whole number of quarter turns nearest to a moderate angle. */
export function quarterTurns(a: number): number {
  return a * PER_HALF_PI + ROUND - ROUND
}

/** a - n pi/2, to the accuracy of a double. */
export function withoutQuarterTurns(a: number, n: number): number {
  return a - n * HALF_PI_A - n * HALF_PI_B - n * HALF_PI_C
}

/** The k for which x - k ln 2 is within half of ln 2 of 0. */
function wholeExponent(x: number): number {
  return x * PER_LN2 + ROUND - ROUND
}

/** e^x - 1 for x in -40 .. 60: 2^k (1 + p) - 1 without losing a small p. */
function expm1Moderate(x: number): number {
  const k = wholeExponent(x)
  const scale = powerOfTwo(k)
  return scale * expm1Near0(x - k * LN2_HI - k * LN2_LO) + (scale - 1)
}

/** e^r - 1 for |r| <= 0.35: the series up to r^13 / 13!. */
function expm1Near0(r: number): number {
  const z = r * r
  const w = z * z
  const low = 1 / 2 + r * (1 / 6) + z * (1 / 24 + r * (1 / 120))
  const middle = 1 / 720 + r * (1 / 5040) + z * (1 / 40320 + r * (1 / 362880))
  const high = 1 / 3628800 + r * (1 / 39916800) + z * (1 / 479001600 + r * (1 / 6227020800))
  return r + z * (low + w * (middle + w * high))
}

/**
 * log(1 + f) for 1 + f between sqrt(1/2) and sqrt 2. With s = f / (2 + f) it is 2 atanh(s) = 2s + s R,
 * R = 2 s^2/3 + 2 s^4/5 + ..., and 2s = f - f s: so the error of s enters only times f.
 */
function log1pNear0(f: number): number {
  const s = f / (2 + f)
  const z = s * s
  const w = z * z
  const low = 2 / 3 + z * (2 / 5) + w * (2 / 7 + z * (2 / 9))
  const high = 2 / 11 + z * (2 / 13) + w * (2 / 15 + z * (2 / 17) + w * (2 / 19 + z * (2 / 21)))
  return f - s * (f - z * (low + w * w * high))
}

/** Sine for |r| <= pi/4: the series up to r^17 / 17!. */
export function sinNear0(r: number): number {
  const z = r * r
  const w = z * z
  const low = 1 / 6 - z * (1 / 120) + w * (1 / 5040 - z * (1 / 362880))
  const high = 1 / 39916800 - z * (1 / 6227020800) + w * (1 / 1307674368000 - z * (1 / 355687428096000))
  return r - r * z * (low + w * w * high)
}

/** Cosine for |r| <= pi/4: the series up to r^16 / 16!. */
export function cosNear0(r: number): number {
  const z = r * r
  const w = z * z
  const low = 1 / 2 - z * (1 / 24) + w * (1 / 720 - z * (1 / 40320))
  const high = 1 / 3628800 - z * (1 / 479001600) + w * (1 / 87178291200 - z * (1 / 20922789888000))
  return 1 - z * (low + w * w * high)
}
