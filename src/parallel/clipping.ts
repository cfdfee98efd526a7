import { randomBytes } from 'node:crypto'
import { cos, log } from '../base/math/elementary.ts'

/** How an update becomes no longer than `longest`; null: it may be of any length. */
export function shortened(update: Float64Array, longest: number | null): { norm: number; scale: number } {
  const norm = Math.sqrt(update.reduce((sum, x) => sum + x * x, 0))
  return { norm, scale: longest === null || norm <= longest ? 1 : longest / norm }
}

/** Normal numbers of that deviation that nobody can foretell: Box and Muller's, from the system's random bytes. */
export function gaussian(length: number, deviation: number): Float64Array {
  const words = new Uint32Array(new Uint8Array(randomBytes(8 * length)).buffer)
  return Float64Array.from({ length }, (_, i) => {
    const radius = Math.sqrt(-2 * log((words[2 * i] + 1) / 4294967296))
    return deviation * radius * cos((6.283185307179586 * words[2 * i + 1]) / 4294967296)
  })
}
