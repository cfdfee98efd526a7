import { openLibrary } from '../native.ts'
import { permutation } from './streams.ts'

type Shuffle = (
  order: Int32Array,
  numShards: number,
  rows: number,
  seedLow: number,
  seedHigh: number,
  purpose: number,
  event: number,
) => void

/** shuffle.c, looked for once per process; null where there is none: `permutation` gives the same orders. */
let kernel: Shuffle | null | undefined

/** Fills `order` [numShards, rows] with each shard's own permutation of 0 .. rows-1, that of `permutation`. */
export function shuffle(
  order: Int32Array,
  numShards: number,
  seed: number,
  purpose: number,
  event: number,
): void {
  if (kernel === undefined) {
    const folder = new URL('../../../../src/base/math/kernels/built/', import.meta.url)
    const signature = 'void shuffle(void*, int, int, uint32_t, uint32_t, uint32_t, uint32_t)'
    kernel = (openLibrary(folder, 'shuffle', [signature])?.shuffle as Shuffle | undefined) ?? null
  }
  const rows = order.length / numShards
  if (kernel) {
    kernel(order, numShards, rows, seed >>> 0, Math.floor(seed / 4294967296), purpose, event)
    return
  }
  for (let shard = 0; shard < numShards; shard++)
    permutation(order.subarray(shard * rows, (shard + 1) * rows), seed, purpose, shard, event)
}
