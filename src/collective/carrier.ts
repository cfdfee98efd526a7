import type { TypedArray } from './arrays.ts'
import type { Exchange } from './exchange.ts'
import { ringAllgather, ringBarrier, ringBroadcast } from './ring.ts'
import { starGather } from './star.ts'

/** The collectives that do not reduce, by what carries them: messages, or memory that all ranks share (shm.ts). */
export interface Carrier {
  allgather(x: Exchange, array: TypedArray): Promise<TypedArray[]>
  gather(x: Exchange, array: TypedArray, root: number): Promise<TypedArray[] | null>
  broadcast(x: Exchange, array: TypedArray, root: number): Promise<void>
  barrier(x: Exchange): Promise<void>
}

export const messages: Carrier = {
  allgather: ringAllgather,
  gather: starGather,
  broadcast: ringBroadcast,
  barrier: ringBarrier,
}
