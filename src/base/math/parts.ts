/** Of n things in order: from `first` up to, not including, `last`. */
export interface Part {
  first: number
  last: number
}

/** Part k of n things cut into `size` parts, in order and as even as can be. */
export function part(n: number, k: number, size: number): Part {
  return { first: Math.floor((n * k) / size), last: Math.floor((n * (k + 1)) / size) }
}

/** Vectors behind each other. */
export function concatenated(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((total, { length }) => total + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
