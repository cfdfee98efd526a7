import { PporunError } from '../base/errors.ts'
import type { Layout } from '../engine/layout.ts'

/**
 * The flat parameter vector as a safetensors file, readable from PyTorch, JAX and JavaScript alike:
 * 8 bytes little-endian header length, JSON header, raw little-endian data
 * (format: https://github.com/huggingface/safetensors#format).
 */
export function encodeSafetensors(layout: Layout, parameters: Float32Array): Uint8Array {
  const tensors = layout.tensors.map(({ name, shape, offset, size }) => [
    name,
    { dtype: 'F32', shape, data_offsets: [offset * 4, (offset + size) * 4] },
  ])
  const json = JSON.stringify(Object.fromEntries(tensors))
  // Data begins at a multiple of 8, by the format's own advice; spaces may follow the header.
  const header = Buffer.from(json.padEnd(Math.ceil(json.length / 8) * 8))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(header.length))
  return Buffer.concat([
    length,
    header,
    new Uint8Array(parameters.buffer, parameters.byteOffset, parameters.byteLength),
  ])
}

/** Throws PporunError if the file does not hold exactly the tensors of `layout`. */
export function decodeSafetensors(layout: Layout, bytes: Uint8Array): Float32Array {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const length = buffer.length >= 8 ? Number(buffer.readBigUInt64LE(0)) : Number.NaN
  if (!(8 + length + layout.size * 4 === buffer.length))
    throw new PporunError(`parameters: ${buffer.length} bytes do not fit ${layout.size} float32 parameters`)
  const header = JSON.parse(buffer.toString('utf8', 8, 8 + length)) as Record<
    string,
    { data_offsets: number[] }
  >
  for (const { name, offset } of layout.tensors)
    if (header[name]?.data_offsets[0] !== offset * 4)
      throw new PporunError(`parameters: no tensor ${name} where it belongs`)
  return new Float32Array(
    buffer.buffer.slice(buffer.byteOffset + 8 + length, buffer.byteOffset + buffer.length),
  )
}
