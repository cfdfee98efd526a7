import { deserialize, serialize } from 'node:v8'
import type { Communicator } from './collective/communicator.ts'

/** What one rank makes, on all ranks: plain data and typed arrays. All ranks have to call it. */
export async function shareFrom<T>(comm: Communicator, from: number, make: () => T): Promise<T> {
  const bytes = comm.rank === from ? serialize(make()) : new Uint8Array()
  const words = new Int32Array(Math.ceil(bytes.length / 4))
  new Uint8Array(words.buffer).set(bytes)
  const { [from]: its } = await comm.allgather(words)
  return deserialize(new Uint8Array(its.buffer, its.byteOffset, its.byteLength)) as T
}
