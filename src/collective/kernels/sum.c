/*
 * Adds up what the ranks of a host have in shared memory. Freestanding; the same bits as the plain loop of
 * ../adder.ts: every element is summed in the order of the ranks, and no sum runs across vector lanes.
 */
typedef unsigned char u8;
typedef int i32;
typedef long long i64;

/* 32 bytes; a machine with narrower vectors uses two. */
typedef float vf __attribute__((vector_size(32), aligned(4)));
typedef double vd __attribute__((vector_size(32), aligned(8)));

#define EXPORT __attribute__((visibility("default")))
#define INLINE static inline __attribute__((always_inline))

/* Sources, and targets, at most (load.ts). */
#define MOST 256

#define SUM(T, V)                                                                                          \
  INLINE void sum_##T(u8 *const *sources, i32 numSources, u8 *const *targets, i32 numTargets, i64 bytes) { \
    i64 i = 0;                                                                                             \
    for (; i + 64 <= bytes; i += 64) {                                                                     \
      V a = *(const V *)(sources[0] + i), b = *(const V *)(sources[0] + i + 32);                           \
      for (i32 s = 1; s < numSources; s++) {                                                               \
        a += *(const V *)(sources[s] + i);                                                                 \
        b += *(const V *)(sources[s] + i + 32);                                                            \
      }                                                                                                    \
      for (i32 t = 0; t < numTargets; t++) {                                                               \
        *(V *)(targets[t] + i) = a;                                                                        \
        *(V *)(targets[t] + i + 32) = b;                                                                   \
      }                                                                                                    \
    }                                                                                                      \
    for (; i < bytes; i += sizeof(T)) {                                                                    \
      T a = *(const T *)(sources[0] + i);                                                                  \
      for (i32 s = 1; s < numSources; s++) a += *(const T *)(sources[s] + i);                              \
      for (i32 t = 0; t < numTargets; t++) *(T *)(targets[t] + i) = a;                                     \
    }                                                                                                      \
  }
SUM(float, vf)
SUM(double, vd)

/*
 * Element by element, the sum of the sources, in their order, into every target; these may be sources too.
 * `places` has the sources, then the targets: bytes from `memory`, or negative for `own`.
 * wide: of double, else of float. bytes: of each.
 */
EXPORT void sum(u8 *memory, u8 *own, const double *places, i32 numSources, i32 numTargets, i32 wide, double bytes) {
  u8 *arrays[2 * MOST];
  for (i32 i = 0; i < numSources + numTargets; i++) arrays[i] = places[i] < 0 ? own : memory + (i64)places[i];
  if (wide)
    sum_double(arrays, numSources, arrays + numSources, numTargets, (i64)bytes);
  else
    sum_float(arrays, numSources, arrays + numSources, numTargets, (i64)bytes);
}

/* Adds `source` to `target`. */
EXPORT void add(u8 *target, u8 *source, i32 wide, double bytes) {
  u8 *const arrays[] = {target, source};
  if (wide)
    sum_double(arrays, 2, arrays, 1, (i64)bytes);
  else
    sum_float(arrays, 2, arrays, 1, (i64)bytes);
}
