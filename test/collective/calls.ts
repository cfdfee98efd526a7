/** Collective calls as data, and what each must give: a plain reference beside the real thing. */
import { slice } from '../../src/collective/algorithm.ts'
import type { TypedArray } from '../../src/collective/arrays.ts'
import type { Communicator } from '../../src/collective/communicator.ts'
import type { DTypeName } from '../../src/collective/frame.ts'
import type { ReduceOp } from '../../src/collective/reduce.ts'
import { range, sameBits } from './ranks.ts'

export type Reducing = ReduceOp | `reduceScatter ${ReduceOp}`
export type Operation = Reducing | 'allgather' | 'gather' | 'broadcast' | 'barrier'

export interface Call {
  op: Operation
  type: DTypeName
  length: number
  /** Of a broadcast or a gather. */
  root: number
}

export const types: DTypeName[] = ['float32', 'float64', 'int32', 'uint8']
export const reduceOps: ReduceOp[] = ['sum', 'mean', 'max', 'min']
export const reducing: Reducing[] = [...reduceOps, ...reduceOps.map(op => `reduceScatter ${op}` as const)]
export const moving: Operation[] = ['allgather', 'gather', 'broadcast', 'barrier']
const constructors = { float32: Float32Array, float64: Float64Array, int32: Int32Array, uint8: Uint8Array }

/** A mean of whole numbers is refused. */
export const exists = ({ op, type }: Call): boolean => !(op.endsWith('mean') && /int/.test(type))

/** What a rank brings to call `k`: whole numbers, whose sums are exact in every type (uint8: modulo 256). */
export function contribution(type: DTypeName, length: number, k: number, rank: number): TypedArray {
  const array = new constructors[type](length)
  for (let i = 0; i < length; i++) array[i] = ((i * 7 + rank * 31 + k * 13) % 201) - 100
  return array
}

/** Lengths of a gather differ between ranks; some are 0. */
export const gatherLength = (length: number, rank: number): number => (length * (rank % 3)) >> 1

/** Makes the call as this rank and compares with the reference. */
export async function perform(comm: Communicator, call: Call, k: number): Promise<void> {
  const { op, type, length, root } = call
  const { rank, size } = comm
  const what = `rank ${rank} of ${size}, ${op} #${k}, ${type}[${length}]`
  const of = (peer: number) => contribution(type, length, k, peer)
  const part = (peer: number) => of(peer).subarray(0, gatherLength(length, peer))
  const mine = of(rank)
  if (op === 'barrier') await comm.barrier()
  else if (op === 'broadcast') {
    await comm.broadcast(mine, root)
    sameBits(mine, of(root), what)
  } else if (op === 'allgather' || op === 'gather') {
    const gathered = op === 'gather' ? await comm.gather(part(rank), root) : await comm.allgather(part(rank))
    if ((gathered === null) !== (op === 'gather' && rank !== root)) throw new Error(`${what}: ${gathered}`)
    for (const [peer, array] of gathered?.entries() ?? []) sameBits(array, part(peer), `${what}, of ${peer}`)
  } else if (isWhole(op)) {
    await comm.allreduce(mine, op)
    sameBits(mine, reduced(op, range(size).map(of)), what)
  } else {
    const plain = op.replace('reduceScatter ', '') as ReduceOp
    const result = await comm.reduceScatter(mine, plain)
    sameBits(result, slice(reduced(plain, range(size).map(of)), rank, size), what)
    sameBits(mine, of(rank), `${what}: the array itself`)
  }
}

const isWhole = (op: Reducing): op is ReduceOp => reduceOps.includes(op as ReduceOp)

const combine: Record<ReduceOp, (a: number, b: number) => number> = {
  sum: (a, b) => a + b,
  mean: (a, b) => a + b,
  max: Math.max,
  min: Math.min,
}

/** Element by element, rank after rank. */
function reduced(op: ReduceOp, arrays: TypedArray[]): TypedArray {
  const [result, ...others] = arrays
  for (const other of others)
    for (let i = 0; i < result.length; i++) result[i] = combine[op](result[i], other[i])
  return op === 'mean' ? result.map(x => x / arrays.length) : result
}
