import { createCipheriv } from 'node:crypto'

/**
 * Adds (`sign` 1) or takes away (-1) a mask, in place: numbers that are uniform modulo 2^32, the key stream of AES-256 in counter
 * mode under `seed` [32]. int32 sums wrap, so that what is added here and taken away there cancels to the last bit.
 */
export function addMask(vector: Int32Array, seed: Uint8Array, sign: 1 | -1): void {
  const cipher = createCipheriv('aes-256-ctr', seed, new Uint8Array(16)) // a seed is used for one mask only
  const stream = cipher.update(new Uint8Array(vector.byteLength))
  const bytes = new DataView(stream.buffer, stream.byteOffset, stream.byteLength)
  for (let i = 0; i < vector.length; i++) vector[i] = (vector[i] + sign * bytes.getInt32(4 * i, true)) | 0
}

/** Adds `other` to `vector`, modulo 2^32, in place. */
export function addWrapping(vector: Int32Array, other: Int32Array): void {
  for (let i = 0; i < vector.length; i++) vector[i] = (vector[i] + other[i]) | 0
}
