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

/** What comes before the vector itself. */
export function headerOf(tensors: readonly NamedTensor[]): Uint8Array {
  const entries = tensors.map(({ name, shape, offset, size }) => [
    name,
    { dtype: 'F32', shape, data_offsets: [offset * 4, (offset + size) * 4] },
  ])
  const json = JSON.stringify(Object.fromEntries(entries))
  // Data begins at a multiple of 8, by the format's own advice; spaces may follow the header.
  const header = Buffer.from(json.padEnd(Math.ceil(json.length / 8) * 8))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(header.length))
  return Buffer.concat([length, header])
}

/** Throws PporunError unless the file is whole and holds float32 tensors that lie where their shapes say. */
export function decodeSafetensors(bytes: Uint8Array): { tensors: NamedTensor[]; vector: Float32Array } {
  const { header, data } = split(bytes)
  if (typeof header !== 'object' || header === null)
    throw new PporunError('safetensors: the header is no object')
  const tensors = Object.entries(header).map(([name, entry]) => readEntry(name, entry, data.byteLength))
  return { tensors, vector: new Float32Array(data) }
}

function readEntry(name: string, entry: unknown, bytes: number): NamedTensor {
  const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Partial<HeaderEntry>
  if (dtype !== 'F32') throw new PporunError(`safetensors: ${name} is ${dtype}, not F32`)
  if (!isWholes(shape) || !isWholes(offsets))
    throw new PporunError(`safetensors: ${name} has no shape or place`)
  const [begin, end] = offsets
  const size = shape.reduce((product, n) => product * n, 1)
  if (offsets.length !== 2 || begin % 4 !== 0 || end - begin !== size * 4 || end > bytes)
    throw new PporunError(`safetensors: ${name} does not fit its place in the file`)
  return { name, shape, offset: begin / 4, size }
}

const isWholes = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every(n => Number.isSafeInteger(n) && n >= 0)

function split(bytes: Uint8Array): { header: unknown; data: ArrayBuffer } {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const length = buffer.length >= 8 ? Number(buffer.readBigUInt64LE(0)) : Number.POSITIVE_INFINITY
  if (8 + length > buffer.length) throw new PporunError('safetensors: the file ends inside its header')
  const data = Uint8Array.from(buffer.subarray(8 + length)).buffer
  if (data.byteLength % 4 !== 0) throw new PporunError('safetensors: the file ends inside a number')
  try {
    return { header: JSON.parse(buffer.toString('utf8', 8, 8 + length)), data }
  } catch {
    throw new PporunError('safetensors: the header is not JSON')
  }
}
