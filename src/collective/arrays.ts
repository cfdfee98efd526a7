import { DType, type DTypeName } from './frame.ts'

/** What a collective can carry. */
export type TypedArray = Float32Array | Float64Array | Int32Array | Uint8Array

const constructors = { float32: Float32Array, float64: Float64Array, int32: Int32Array, uint8: Uint8Array }

export function dtypeOf(array: TypedArray): DTypeName {
  const names = Object.keys(constructors) as DTypeName[]
  const name = names.find(name => array instanceof constructors[name])
  if (!name) throw new TypeError('a collective takes a Float32Array, Float64Array, Int32Array or Uint8Array')
  return name
}

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
