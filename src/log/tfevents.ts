import { crc32c } from './crc32c.ts'

/**
 * TensorBoard's event files, as far as scalars need them.
 *
 * A file is a row of TFRecords (tensorflow/core/lib/io/record_writer.h): length (uint64), masked CRC-32C of the
 * length, data, masked CRC-32C of the data; little-endian. The data is a protobuf Event (tensorflow/core/util/event.proto):
 *
 *   Event    1: wall_time (double, s)   2: step (int64)   3: file_version (string)   5: summary
 *            7: session_log (1: status, 1 is START)
 *   Summary  1: repeated value          Value  1: tag (string)   2: simple_value (float)
 */

/** What a file must begin with. */
export function versionRecord(wallTime: number): Uint8Array {
  return record(double(1, wallTime), delimited(3, Buffer.from('brain.Event:2')))
}

/** Readers forget what earlier files say of `step` and later ones: it comes again. */
export function restartRecord(wallTime: number, step: number): Uint8Array {
  const start = Buffer.concat([varint(1 << 3), varint(1)])
  return record(double(1, wallTime), varint(2 << 3), varint(step), delimited(7, start))
}

/** Scalars of one step, each tag once. */
export function scalarsRecord(
  wallTime: number,
  step: number,
  scalars: readonly [tag: string, value: number][],
): Uint8Array {
  const values = scalars.map(([tag, value]) => valueBytes(tag, value))
  const length = values.reduce((sum, bytes) => sum + bytes.length, 0)
  return record(
    double(1, wallTime),
    varint(2 << 3),
    varint(step),
    varint((5 << 3) | 2),
    varint(length),
    ...values,
  )
}

/** A Value of each tag so far: from one update to the next only its number changes, the last four bytes. */
const known = new Map<string, Buffer>()

/** Valid until the tag's next. */
function valueBytes(tag: string, value: number): Uint8Array {
  let bytes = known.get(tag)
  if (!bytes) {
    bytes = delimited(1, Buffer.concat([delimited(1, Buffer.from(tag)), float(2, 0)]))
    known.set(tag, bytes)
  }
  bytes.writeFloatLE(value, bytes.length - 4)
  return bytes
}

function record(...data: readonly Uint8Array[]): Uint8Array {
  const length = data.reduce((sum, part) => sum + part.length, 0)
  const framed = Buffer.alloc(length + 16)
  framed.writeBigUInt64LE(BigInt(length), 0)
  framed.writeUInt32LE(masked(framed.subarray(0, 8)), 8)
  let end = 12
  for (const part of data) {
    framed.set(part, end)
    end += part.length
  }
  framed.writeUInt32LE(masked(framed.subarray(12, end)), end)
  return framed
}

/** So that the checksum of data that holds checksums stays a good one. */
function masked(bytes: Uint8Array): number {
  const crc = crc32c(bytes)
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
}

// Protobuf: a field's number and wire type (0 varint, 1 eight bytes, 2 a length and bytes, 5 four bytes), then its value.

function double(field: number, value: number): Uint8Array {
  const bytes = Buffer.alloc(9, (field << 3) | 1)
  bytes.writeDoubleLE(value, 1)
  return bytes
}

function float(field: number, value: number): Uint8Array {
  const bytes = Buffer.alloc(5, (field << 3) | 5)
  bytes.writeFloatLE(value, 1)
  return bytes
}

function delimited(field: number, value: Uint8Array): Buffer {
  return Buffer.concat([varint((field << 3) | 2), varint(value.length), value])
}

/** Seven bits per byte, the lowest first; also above 2^32. */
function varint(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128)
  return Buffer.from([...bytes, rest])
}
