/*
 * Random orders of rows, with the bits of ../streams.ts: draws depend on counters alone, so that several are made at
 * once, one per lane.
 */
#include "math.h"

#define LANES 8
typedef u64 vu __attribute__((vector_size(LANES * 8)));

/* Numbers in [0, 2^53) of draws `draw` .. draw + LANES-1: Philox4x32-10, a 32-bit word to a lane of 64. */
static void draws(i64 *numbers, u32 draw, u32 event, u32 id, u32 purpose, u32 key0, u32 key1) {
  const vu low = (vu){} + 0xffffffffull;
  vu c0 = { draw, draw + 1, draw + 2, draw + 3, draw + 4, draw + 5, draw + 6, draw + 7 }, c1 = (vu){} + event, c2 = (vu){} + id, c3 = (vu){} + purpose;
  for (i32 round = 0; round < 10; round++) {
    vu a = 0xD2511F53ull * (c0 & low), b = 0xCD9E8D57ull * (c2 & low);
    c0 = (b >> 32) ^ c1 ^ key0, c1 = b & low;
    c2 = (a >> 32) ^ c3 ^ key1, c3 = a & low;
    key0 += 0x9E3779B9u, key1 += 0xBB67AE85u;
  }
  vu result = (c0 >> 5) << 26 | c1 >> 6;
  for (i32 i = 0; i < LANES; i++) numbers[i] = (i64)result[i];
}

/*
 * Of each shard, 0 .. numShards-1, its rows 0 .. rows-1 in the order of its own stream: Fisher and Yates, draw i
 * swaps place i with one up to it.
 */
EXPORT void shuffle(i32 *order, i32 numShards, i32 rows, u32 seedLow, u32 seedHigh, u32 purpose, u32 event) {
  for (i32 shard = 0; shard < numShards; shard++, order += rows) {
    for (i32 i = 0; i < rows; i++) order[i] = i;
    for (i32 block = (rows - 1) & -LANES; block >= 0; block -= LANES) {
      i64 numbers[LANES];
      draws(numbers, (u32)block, event, (u32)shard, purpose, seedLow, seedHigh);
      for (i32 lane = LANES - 1; lane >= 0; lane--) {
        i32 i = block + lane;
        if (i >= rows || i == 0) continue;
        i32 j = (i32)((double)numbers[lane] * 1.1102230246251565e-16 * (double)(i + 1)), kept = order[i];
        order[i] = order[j], order[j] = kept;
      }
    }
  }
}
