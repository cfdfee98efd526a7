/*
 * Products and transposes of padded matrices: nine tenths of the arithmetic of kernels.c. No element's sum depends on the
 * tile or vector that it falls into.
 */

/*
 * c[i][j] = start[i][j] + sum over k of a(i, k) b[k][j] for a tile of M rows and V vectors of columns. `a` has any
 * strides, so that the three products of a layer (forward, by inputs, by weights) are this one; `start` has any row
 * stride: c's own to add to it, 0 for one row that all begin with. Each element is accumulated over k in order: tiles
 * and W do not show.
 */
#define TILE(M, V)                                                                                             \
  static void tile##M##x##V(float *c, i32 ldc, const float *start, i32 startStride, const float *a, i32 rowStride, \
                            i32 kStride, const float *b, i32 ldb, i32 depth) {                                   \
    vf sum[M][V];                                                                                              \
    for (i32 i = 0; i < M; i++)                                                                                \
      for (i32 j = 0; j < V; j++) sum[i][j] = load(start + i * startStride + j * W);                            \
    for (i32 k = 0; k < depth; k++) {                                                                          \
      vf column[V];                                                                                            \
      for (i32 j = 0; j < V; j++) column[j] = load(b + k * ldb + j * W);                                        \
      for (i32 i = 0; i < M; i++) {                                                                            \
        vf x = splat(a[i * rowStride + k * kStride]);                                                           \
        for (i32 j = 0; j < V; j++) sum[i][j] += x * column[j];                                                 \
      }                                                                                                        \
    }                                                                                                          \
    for (i32 i = 0; i < M; i++)                                                                                \
      for (i32 j = 0; j < V; j++) store(c + i * ldc + j * W, sum[i][j]);                                        \
  }
#ifndef __wasm__
TILE(6, 2) TILE(6, 1)
#endif
TILE(4, 2) TILE(4, 1) TILE(2, 4) TILE(2, 2) TILE(2, 1) TILE(1, 4) TILE(1, 2) TILE(1, 1)

/* Tiles of V vectors along M rows, as far as they go. Few rows take many columns, to have enough sums at work. */
#define TILES(M, V)                                                                                            \
  for (; j + V * W <= columns; j += V * W)                                                                     \
    tile##M##x##V(c + i * ldc + j, ldc, start + i * startStride + j, startStride, a + i * rowStride, rowStride, kStride, \
                  b + j, ldb, depth);

/* c [rows, columns] = start + a [rows, depth] b [depth, columns]; columns are a multiple of PAD. */
static void multiply(float *c, i32 ldc, const float *start, i32 startStride, const float *a, i32 rowStride, i32 kStride,
                     const float *b, i32 ldb, i32 rows, i32 columns, i32 depth) {
  i32 i = 0, j;
#ifndef __wasm__ /* its 16 registers have no room for so many sums */
  for (; j = 0, i + 6 <= rows; i += 6) { TILES(6, 2) TILES(6, 1) }
#endif
  for (; j = 0, i + 4 <= rows; i += 4) { TILES(4, 2) TILES(4, 1) }
  for (; j = 0, i + 2 <= rows; i += 2) { TILES(2, 4) TILES(2, 2) TILES(2, 1) }
  for (; j = 0, i < rows; i++) { TILES(1, 4) TILES(1, 2) TILES(1, 1) }
}

/* to [columns, rows] = from [rows, columns] transposed, its rows `ld` apart. */
static void transpose(float *to, i32 ld, const float *from, i32 rows, i32 columns) {
  typedef float v4 __attribute__((vector_size(16), aligned(4)));
  i32 wholeRows = rows & ~3, wholeColumns = columns & ~3;
  for (i32 i = 0; i < wholeRows; i += 4)
    for (i32 j = 0; j < wholeColumns; j += 4) {
      const float *x = from + i * columns + j;
      v4 a = *(v4 *)x, b = *(v4 *)(x + columns), c = *(v4 *)(x + 2 * columns), d = *(v4 *)(x + 3 * columns);
      v4 ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), cd = __builtin_shufflevector(c, d, 0, 4, 1, 5);
      v4 ab2 = __builtin_shufflevector(a, b, 2, 6, 3, 7), cd2 = __builtin_shufflevector(c, d, 2, 6, 3, 7);
      *(v4 *)(to + j * ld + i) = __builtin_shufflevector(ab, cd, 0, 1, 4, 5);
      *(v4 *)(to + (j + 1) * ld + i) = __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
      *(v4 *)(to + (j + 2) * ld + i) = __builtin_shufflevector(ab2, cd2, 0, 1, 4, 5);
      *(v4 *)(to + (j + 3) * ld + i) = __builtin_shufflevector(ab2, cd2, 2, 3, 6, 7);
    }
  for (i32 i = 0; i < rows; i++)
    for (i32 j = i < wholeRows ? wholeColumns : 0; j < columns; j++) to[j * ld + i] = from[i * columns + j];
}
