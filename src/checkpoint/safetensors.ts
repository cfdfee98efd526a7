import { PporunError } from '../base/errors.ts'

/**
 * A flat vector of named tensors as a safetensors file, readable from PyTorch, JAX and JavaScript alike:
 * 8 bytes little-endian header length, JSON header, raw little-endian data
 * (format: https://github.com/huggingface/safetensors#format).
 */
export interface NamedTensor {
  name: string
  shape: readonly number[]
  /** Of its first element in the vector. */
  offset: number
  size: number
}

interface HeaderEntry {
  dtype: string
  shape: number[]
  data_offsets: [number, number]
}

export function encodeSafetensors(tensors: readonly NamedTensor[], vector: Float32Array): Uint8Array {
  const entries = tensors.map(({ name, shape, offset, size }) => [
    name,
    { dtype: 'F32', shape, data_offsets: [offset * 4, (offset + size) * 4] },
  ])
  const json = JSON.stringify(Object.fromEntries(entries))
  // Data begins at a multiple of 8, by the format's own advice; spaces may follow the header.
  const header = Buffer.from(json.padEnd(Math.ceil(json.length / 8) * 8))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(header.length))
  const data = new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength)
  return Buffer.concat([length, header, data])
}

/** Throws PporunError if the file is cut short, or holds anything but float32. */
export function decodeSafetensors(bytes: Uint8Array): { tensors: NamedTensor[]; vector: Float32Array } {
  const { entries, data } = split(bytes)
  const tensors = Object.entries(entries).map(
    ([
      name,
      {
        dtype,
        shape,
        data_offsets: [begin, end],
      },
    ]) => {
      if (dtype !== 'F32') throw new PporunError(`safetensors: ${name} is ${dtype}, not F32`)
      if (end > data.byteLength) throw new PporunError(`safetensors: the file ends inside ${name}`)
      return { name, shape, offset: begin / 4, size: (end - begin) / 4 }
    },
  )
  return { tensors, vector: new Float32Array(data) }
}

function split(bytes: Uint8Array): { entries: Record<string, HeaderEntry>; data: ArrayBuffer } {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const length = buffer.length >= 8 ? Number(buffer.readBigUInt64LE(0)) : Number.POSITIVE_INFINITY
  if (8 + length > buffer.length) throw new PporunError('safetensors: the file ends inside its header')
  try {
    const entries = JSON.parse(buffer.toString('utf8', 8, 8 + length)) as Record<string, HeaderEntry>
    const data = Uint8Array.prototype.slice.call(buffer, 8 + length)
    return { entries, data: data.buffer.slice(0, data.byteLength - (data.byteLength % 4)) as ArrayBuffer }
  } catch {
    throw new PporunError('safetensors: the header is not JSON')
  }
}
