import type { Eventually } from '../base/eventually.ts'
import { type Algorithm, modulo, slice } from './algorithm.ts'
import { copyOf, type TypedArray } from './arrays.ts'
import type { Exchange } from './exchange.ts'
import type { Reduce } from './reduce.ts'

/**
 * The direct exchange: rank k owns slice k. Everybody sends it theirs, it adds them up in the order of the
 * ranks, and sends the sum to everybody. Slices A B C D on four ranks, what rank 2 (the owner of C) does:
 *
 *   step 0: gather and add                        step 1: spread
 *
 *     0 ──C──┐                                          ┌──C4──► 0
 *     1 ──C──┼──► 2:  C4 = ((C + C) + C) + C      2: C4 ┼──C4──► 1
 *     3 ──C──┘            of 0   1    2    3            └──C4──► 3
 *
 * and ranks 0, 1, 3 do the same at the same time with A, B, D.
 *
 * Cost (see algorithm.ts):
 *   2 alpha + 2 (N-1)/N S beta + (N-1)/N S gamma
 * As many bytes and messages as the ring, but two steps instead of 2(N-1): nobody waits for a neighbour who
 * waits. The price is N-1 connections per rank, and N-1 messages that arrive at once.
 *
 * The owner alone adds, so all ranks end with the same bits. Of two ranks, and of short arrays, everybody adds
 * everything, which is one step.
 */
export const direct: Algorithm = { allreduce, reduceScatter }

/** An array this short is a message in any case: one step instead of two. */
const SHORT = 2 ** 12 // bytes

function allreduce(x: Exchange, array: TypedArray, reduce: Reduce): Eventually<void> {
  if (x.size === 1) return // it is the result
  if (x.size === 2) return swap(x, array, reduce)
  return array.byteLength <= SHORT ? tell(x, array, reduce) : bySlices(x, array, reduce)
}

async function bySlices(x: Exchange, array: TypedArray, reduce: Reduce): Promise<void> {
  const { rank, size } = x
  const mine = await reduceScatter(x, array, reduce)
  for (const peer of others(x)) x.send(peer, 1, mine)
  slice(array, rank, size).set(mine)
  for (const peer of others(x)) {
    const target = slice(array, peer, size)
    target.set(await x.recv(peer, 1, target.length))
  }
}

/**
 * Two ranks send each other all they have and both add: as many bytes as by slices, in one step.
 * Which of the two is added to which does not show in any of the reductions. Cost: alpha + S beta + S gamma.
 */
async function swap(x: Exchange, array: TypedArray, reduce: Reduce): Promise<void> {
  const peer = 1 - x.rank
  x.send(peer, 0, array)
  reduce(array, await x.recv(peer, 0, array.length))
}

/** Everybody sends everybody all it has, and adds, in the order of the ranks. Cost: alpha + (N-1) S (beta + gamma). */
async function tell(x: Exchange, array: TypedArray, reduce: Reduce): Promise<void> {
  const { rank, size } = x
  for (const peer of others(x)) x.send(peer, 0, array)
  const sum = copyOf(rank === 0 ? array : await x.recv(0, 0, array.length))
  for (let peer = 1; peer < size; peer++)
    reduce(sum, peer === rank ? array : await x.recv(peer, 0, array.length))
  array.set(sum)
}

/** Step 0 alone. Cost: alpha + (N-1)/N S beta + (N-1)/N S gamma. */
async function reduceScatter(x: Exchange, array: TypedArray, reduce: Reduce): Promise<TypedArray> {
  const { rank, size } = x
  const own = slice(array, rank, size)
  for (const peer of others(x)) x.send(peer, 0, slice(array, peer, size))
  const sum = copyOf(rank === 0 ? own : await x.recv(0, 0, own.length))
  for (let peer = 1; peer < size; peer++) reduce(sum, peer === rank ? own : await x.recv(peer, 0, own.length))
  return sum
}

/** The other ranks, from the right neighbour on: were all to begin with rank 0, it would be flooded first. */
function others({ rank, size }: Exchange): number[] {
  return Array.from({ length: size - 1 }, (_, i) => modulo(rank + 1 + i, size))
}
