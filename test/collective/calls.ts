/** Collective calls as data, and what each must give: a plain reference beside the real thing. */
import type { TypedArray } from '../../src/collective/arrays.ts'
import type { Communicator } from '../../src/collective/communicator.ts'
import type { DTypeName, OpName } from '../../src/collective/frame.ts'
import { range, sameBits } from './ranks.ts'

export interface Call {
  op: OpName
  type: DTypeName
  length: number
  /** Of a broadcast. */
  root: number
}

export const types: DTypeName[] = ['float32', 'float64', 'int32', 'uint8']
export const ops: OpName[] = ['sum', 'max', 'allgather', 'broadcast', 'barrier']
const constructors = { float32: Float32Array, float64: Float64Array, int32: Int32Array, uint8: Uint8Array }

/** What a rank brings to call `k`: whole numbers, whose sums are exact in every type (uint8: modulo 256). */
export function contribution(type: DTypeName, length: number, k: number, rank: number): TypedArray {
  const array = new constructors[type](length)
  for (let i = 0; i < length; i++) array[i] = ((i * 7 + rank * 31 + k * 13) % 201) - 100
  return array
}

/** Lengths of an allgather differ between ranks; some are 0. */
export const gatherLength = (length: number, rank: number): number => (length * (rank % 3)) >> 1

/** Makes the call as this rank and compares with the reference. */
export async function perform(comm: Communicator, call: Call, k: number): Promise<void> {
  const { op, type, length, root } = call
  const { rank, size } = comm
  const what = `rank ${rank} of ${size}, ${op} #${k}, ${type}[${length}]`
  const of = (peer: number) => contribution(type, length, k, peer)
  const mine = of(rank)
  if (op === 'barrier') await comm.barrier()
  else if (op === 'allgather') {
    const gathered = await comm.allgather(mine.subarray(0, gatherLength(length, rank)))
    for (const peer of range(size))
      sameBits(gathered[peer], of(peer).subarray(0, gatherLength(length, peer)), `${what}, of rank ${peer}`)
  } else if (op === 'broadcast') {
    await comm.broadcast(mine, root)
    sameBits(mine, of(root), what)
  } else {
    await comm.allreduce(mine, op)
    sameBits(mine, reduced(op, range(size).map(of)), what)
  }
}

/** Element by element, rank after rank. */
function reduced(op: 'sum' | 'max', arrays: TypedArray[]): TypedArray {
  const [result, ...others] = arrays
  for (const other of others)
    for (let i = 0; i < result.length; i++)
      result[i] = op === 'sum' ? result[i] + other[i] : Math.max(result[i], other[i])
  return result
}
