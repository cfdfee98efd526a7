import { type Algorithm, modulo, slice } from './algorithm.ts'
import { copyOf, type TypedArray } from './arrays.ts'
import type { Exchange } from './exchange.ts'
import type { Reduce } from './reduce.ts'

/**
 * The ring. Rank r sends to its right neighbour r+1 and receives from its left neighbour r-1, modulo N.
 *
 *        0 ──► 1
 *        ▲     │        Every rank sends and receives at the same time, so all N links are busy in every
 *        │     ▼        step, and nobody is a server.
 *        3 ◄── 2
 *
 * Allreduce of an array of four slices A B C D on four ranks; `2` is a sum over two ranks, `4` over all.
 *
 *   reduce-scatter: in step s rank r sends slice r-s and adds what it receives to slice r-s-1.
 *
 *              start       after step 0   after step 1   after step 2
 *   rank 0   A1 B1 C1 D1   A1 B1 C1 D2    A1 B1 C3 D2    A1 B4 C3 D2
 *   rank 1   A1 B1 C1 D1   A2 B1 C1 D1    A2 B1 C1 D3    A2 B1 C4 D3
 *   rank 2   A1 B1 C1 D1   A1 B2 C1 D1    A3 B2 C1 D1    A3 B2 C1 D4
 *   rank 3   A1 B1 C1 D1   A1 B1 C2 D1    A1 B3 C2 D1    A4 B3 C2 D1
 *
 *   Now rank r owns the whole sum of slice r+1.
 *
 *   allgather: in step s rank r sends slice r+1-s and stores what it receives as slice r-s.
 *
 *              after step 0   after step 1   after step 2
 *   rank 0   A4 B4 C3 D2    A4 B4 C3 D4    A4 B4 C4 D4
 *   rank 1   A2 B4 C4 D3    A4 B4 C4 D3    A4 B4 C4 D4
 *   rank 2   A3 B2 C4 D4    A3 B4 C4 D4    A4 B4 C4 D4
 *   rank 3   A4 B3 C2 D4    A4 B3 C4 D4    A4 B4 C4 D4
 *
 * Cost (see algorithm.ts):
 *   2(N-1) alpha + 2 (N-1)/N S beta + (N-1)/N S gamma
 * No algorithm moves fewer bytes per rank; for small arrays the 2(N-1) messages are the cost.
 *
 * Each slice is reduced along one path and then copied, so all ranks end with the same bits.
 */
export const ring: Algorithm = { allreduce, reduceScatter }

async function allreduce(x: Exchange, array: TypedArray, reduce: Reduce): Promise<void> {
  const { rank, size } = x
  for (let s = 0; s < size - 1; s++) {
    x.send(right(x), s, slice(array, rank - s, size))
    const target = slice(array, rank - s - 1, size)
    reduce(target, await x.recv(left(x), s, target.length))
  }
  for (let s = 0; s < size - 1; s++) {
    x.send(right(x), size - 1 + s, slice(array, rank + 1 - s, size))
    const target = slice(array, rank - s, size)
    target.set(await x.recv(left(x), size - 1 + s, target.length))
  }
}

/**
 * The first half alone, turned by one so that rank r ends with slice r: in step s it passes on what it has of
 * slice r-s-1. What travels is the partial sum, so the array itself is only read.
 * Cost: (N-1) alpha + (N-1)/N S beta + (N-1)/N S gamma.
 */
async function reduceScatter(x: Exchange, array: TypedArray, reduce: Reduce): Promise<TypedArray> {
  const { rank, size } = x
  let partial = copyOf(slice(array, rank - 1, size))
  for (let s = 0; s < size - 1; s++) {
    x.send(right(x), s, partial)
    const own = slice(array, rank - s - 2, size)
    partial = copyOf(await x.recv(left(x), s, own.length))
    reduce(partial, own)
  }
  return partial
}

/**
 * Everybody's array, by rank; lengths may differ. In step s rank r passes on the array of rank r-s.
 * Cost: (N-1) alpha + (N-1) S beta.
 */
export async function ringAllgather(x: Exchange, array: TypedArray): Promise<TypedArray[]> {
  const { rank, size } = x
  const arrays = new Array<TypedArray>(size)
  arrays[rank] = copyOf(array)
  for (let s = 0; s < size - 1; s++) {
    x.send(right(x), s, arrays[modulo(rank - s, size)])
    arrays[modulo(rank - s - 1, size)] = copyOf(await x.recv(left(x), s))
  }
  return arrays
}

/**
 * Passes `array` of rank `root` on, rank after rank. Cost: (N-1) (alpha + S beta).
 * The message's number is the root, so that ranks that disagree about it notice.
 */
export async function ringBroadcast(x: Exchange, array: TypedArray, root: number): Promise<void> {
  const { rank, size } = x
  if (rank !== root) array.set(await x.recv(left(x), root, array.length))
  if (modulo(rank + 1, size) !== root) x.send(right(x), root, array)
}

/** Returns when all ranks have entered: after N-1 empty messages each rank has heard, at first or further hand, of all. */
export async function ringBarrier(x: Exchange): Promise<void> {
  await ringAllgather(x, new Uint8Array(0))
}

const right = (x: Exchange): number => modulo(x.rank + 1, x.size)
const left = (x: Exchange): number => modulo(x.rank - 1, x.size)
