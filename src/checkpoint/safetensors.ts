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

/**
 * The tensors, and where their data begins. Throws PporunError unless the file is whole and holds float32 tensors that
 * lie where their shapes say.
 * @param bytes of the file's beginning, its header at least; it has `length`
 */
export function decodeHeader(bytes: Uint8Array, length: number): { tensors: NamedTensor[]; begin: number } {
  const begin = 8 + headerLength(bytes)
  if (begin > bytes.length) throw new PporunError('safetensors: the file ends inside its header')
  if ((length - begin) % 4 !== 0) throw new PporunError('safetensors: the file ends inside a number')
  const header = parsed(bytes.subarray(8, begin))
  if (typeof header !== 'object' || header === null)
    throw new PporunError('safetensors: the header is no object')
  const tensors = Object.entries(header).map(([name, entry]) => readEntry(name, entry, length - begin))
  return { tensors, begin }
}

/** What the first 8 bytes of a file say. */
export function headerLength(bytes: Uint8Array): number {
  if (bytes.length < 8) return Number.POSITIVE_INFINITY
  return Number(Buffer.from(bytes.buffer, bytes.byteOffset, 8).readBigUInt64LE(0))
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

function parsed(json: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(json).toString('utf8'))
  } catch {
    throw new PporunError('safetensors: the header is not JSON')
  }
}
