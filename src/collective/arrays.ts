import { DType, type DTypeName } from './frame.ts'

/** What a collective can carry. */
export type TypedArray = Float32Array | Float64Array | Int32Array | Uint8Array

const constructors = { float32: Float32Array, float64: Float64Array, int32: Int32Array, uint8: Uint8Array }
const names = Object.keys(constructors) as DTypeName[]

/** The array that goes by a name. */
export type ArrayOf<D extends DTypeName> = {
  float32: Float32Array
  float64: Float64Array
  int32: Int32Array
  uint8: Uint8Array
}[D]

export const newArray = <D extends DTypeName>(length: number, dtype: D): ArrayOf<D> =>
  new constructors[dtype](length) as ArrayOf<D>

export const bytesPerElement = (dtype: DTypeName): number => constructors[dtype].BYTES_PER_ELEMENT

export function dtypeOf(array: TypedArray): DTypeName {
  for (const name of names) if (array instanceof constructors[name]) return name
  throw new TypeError('a collective takes a Float32Array, Float64Array, Int32Array or Uint8Array')
}

/** Elements that lie in a buffer, from a byte on. */
export const viewOf = (
  buffer: ArrayBuffer,
  byteOffset: number,
  length: number,
  dtype: DTypeName,
): TypedArray => new constructors[dtype](buffer, byteOffset, length)

export const bytesOf = (array: TypedArray): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength)

/** The elements in memory of their own; slice() of a Buffer, which is a Uint8Array, would share it. */
export const copyOf = (array: TypedArray): TypedArray => new constructors[dtypeOf(array)](array)

/** The payload as elements. ZeroMQ may hand out memory at any address: unaligned bytes are copied first. */
export function elementsOf(payload: Uint8Array, dtype: number): TypedArray {
  const name = (Object.keys(DType) as DTypeName[]).find(name => DType[name] === dtype)!
  const Elements = constructors[name]
  const bytes = Elements.BYTES_PER_ELEMENT
  const aligned = payload.byteOffset % bytes === 0 ? payload : copyOf(payload)
  return new Elements(aligned.buffer as ArrayBuffer, aligned.byteOffset, aligned.byteLength / bytes)
}
