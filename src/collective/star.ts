import { type Algorithm, slice } from './algorithm.ts'
import { copyOf, type TypedArray } from './arrays.ts'
import type { Exchange } from './exchange.ts'
import type { Reduce } from './reduce.ts'

/**
 * The star, a parameter server: rank 0 adds up all arrays in the order of the ranks and sends the sum back.
 *
 *     1 ──►┐        ┌──► 1
 *     2 ──►┼─► 0 ──►┼──► 2
 *     3 ──►┘        └──► 3
 *
 * Cost (see algorithm.ts):
 *   2 alpha + 2(N-1) S beta + (N-1) S gamma
 * Rank 0 moves N times the bytes of a rank in the ring, and adds alone. It is here to be compared with; but it
 * sends the fewest messages, 2(N-1) in all, which counts where many ranks share a core.
 */
export const star: Algorithm = { allreduce, reduceScatter }

async function allreduce(x: Exchange, array: TypedArray, reduce: Reduce): Promise<void> {
  if (x.rank > 0) {
    x.send(0, 0, array)
    array.set(await x.recv(0, 1, array.length))
    return
  }
  for (let peer = 1; peer < x.size; peer++) reduce(array, await x.recv(peer, 0, array.length))
  for (let peer = 1; peer < x.size; peer++) x.send(peer, 1, array)
}

/** Rank 0 sends each its slice only. Cost: 2 alpha + (N-1) S beta + (N-1)/N S beta + (N-1) S gamma. */
async function reduceScatter(x: Exchange, array: TypedArray, reduce: Reduce): Promise<TypedArray> {
  const { rank, size } = x
  if (rank > 0) {
    x.send(0, 0, array)
    return copyOf(await x.recv(0, 1, slice(array, rank, size).length))
  }
  const sum = copyOf(array)
  for (let peer = 1; peer < size; peer++) reduce(sum, await x.recv(peer, 0, array.length))
  for (let peer = 1; peer < size; peer++) x.send(peer, 1, slice(sum, peer, size))
  return copyOf(slice(sum, 0, size))
}

/**
 * Everybody's array on rank `root`, by rank; lengths may differ. Null on the others. Cost: alpha + (N-1) S beta.
 * The message's number is the root, so that ranks that disagree about it notice.
 */
export async function starGather(x: Exchange, array: TypedArray, root: number): Promise<TypedArray[] | null> {
  if (x.rank !== root) {
    x.send(root, root, array)
    return null
  }
  const arrays: TypedArray[] = []
  for (let peer = 0; peer < x.size; peer++)
    arrays.push(copyOf(peer === root ? array : await x.recv(peer, root)))
  return arrays
}
