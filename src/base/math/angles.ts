/**
 * Sines and cosines of many angles: the numbers that `sin` and `cos` give, in less than half of their time. A pass per
 * step of the calculation keeps each loop short enough for the registers, and nothing is boxed on its way out of a call.
 */
import { cosNear0, moderateAngle, quarterTurns, sinNear0, withoutQuarterTurns } from './elementary.ts'

/** Most angles of one call: what the passes hand to each other stays in the nearest cache. */
export const BLOCK = 256

const rests = new Float64Array(BLOCK)
const turns = new Int32Array(BLOCK)
/** Sine and cosine of each rest, [BLOCK, 2]. */
const near = new Float64Array(2 * BLOCK)

/** Sines and cosines of angles[0 .. n-1] (rad), n <= BLOCK. */
export function sinCos(angles: Float64Array, n: number, sines: Float64Array, cosines: Float64Array): void {
  reduce(angles, n)
  for (let i = 0; i < n; i++) near[2 * i] = sinNear0(rests[i])
  for (let i = 0; i < n; i++) near[2 * i + 1] = cosNear0(rests[i])
  turn(n, sines, cosines)
}

/** Splits angles into quarter turns and rests within an eighth. */
function reduce(angles: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) {
    const angle = moderateAngle(angles[i])
    const turned = quarterTurns(angle)
    rests[i] = withoutQuarterTurns(angle, turned)
    turns[i] = turned
  }
}

/** Turns the points on the circle back by their quarters; without a branch, as nothing predicts it. */
function turn(n: number, sines: Float64Array, cosines: Float64Array): void {
  for (let i = 0; i < n; i++) {
    const turned = turns[i]
    const isOdd = turned & 1
    sines[i] = near[2 * i + isOdd] * (1 - (turned & 2))
    cosines[i] = near[2 * i + 1 - isOdd] * (1 - ((turned + 1) & 2))
  }
}
