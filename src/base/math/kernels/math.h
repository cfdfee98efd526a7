/*
 * Vectors, elementary functions and random numbers of the kernels, made of operations that IEEE 754 rounds
 * correctly: the same bits from every build.
 */
typedef unsigned char u8;
typedef int i32;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long i64;

#ifndef W
#define W 4
#endif
typedef float vf __attribute__((vector_size(W * 4), aligned(4)));
typedef i32 vi __attribute__((vector_size(W * 4), aligned(4)));
typedef double vd __attribute__((vector_size(W * 8), aligned(8)));
typedef i64 vl __attribute__((vector_size(W * 8), aligned(8)));

#define EXPORT __attribute__((visibility("default")))
/* Where the memory of a JavaScript array lies. */
EXPORT u64 addressOf(void *memory) { return (u64)memory; }

#define INLINE static inline __attribute__((always_inline))

INLINE vf load(const float *p) { return *(const vf *)p; }
INLINE void store(float *p, vf v) { *(vf *)p = v; }
INLINE vf splat(float x) { return x - (vf){}; } /* not +, which would have to turn -0 into 0 */
INLINE vf blend(vi mask, vf yes, vf no) { return (vf)((mask & (vi)yes) | (~mask & (vi)no)); }
INLINE i32 bitsOf(float x) { return ((union { float f; i32 i; }){ x }).i; }
INLINE i64 bitsOfDouble(double x) { return ((union { double d; i64 i; }){ x }).i; }
INLINE float clampf(float x, float most) { return x < -most ? -most : x > most ? most : x; } /* NaN stays */

/* ------------------------------------------------------------------ elementary functions, relative error 2e-7 */

/* e^r - 1 - r over r^2, |r| <= ln 2 / 2: Taylor to r^7. */
#define EXP_POLYNOMIAL(r) \
  (0.5f + (r) * (1.6666667e-1f + (r) * (4.1666668e-2f + (r) * (8.3333338e-3f + (r) * (1.3888889e-3f + (r) * 1.9841270e-4f)))))
#define LOG2_E 1.44269504f
#define LN2_HIGH 0.693359375f      /* 355/512: k times it is exact */
#define LN2_LOW -2.12194440e-4f
#define ROUND_MAGIC 12582912.0f    /* 1.5 * 2^23: adding and subtracting it rounds to a whole number */

/* e^x for x in [-87, 88], clamped to that; NaN stays NaN. */
INLINE vf vexp(vf x) {
  vf clamped = blend(x < -87.0f, splat(-87.0f), x);
  clamped = blend(clamped > 88.0f, splat(88.0f), clamped);
  vf shifted = clamped * LOG2_E + ROUND_MAGIC;
  vf k = shifted - ROUND_MAGIC;
  vf r = (clamped - k * LN2_HIGH) - k * LN2_LOW;
  vf p = (r + r * r * EXP_POLYNOMIAL(r)) + 1.0f;
  vi exponent = ((vi)shifted - (vi)splat(ROUND_MAGIC)) << 23;
  vf scaled = (vf)((vi)p + exponent);
  return blend(x != x, x, scaled);
}

/* ln x for normal x > 0: x = m 2^e, m in [sqrt 1/2, sqrt 2), ln m = 2 atanh(s), s = (m-1)/(m+1). */
INLINE vf vlog(vf x) {
  vi e = ((vi)x - 0x3f3504f3) >> 23;
  vf m = (vf)((vi)x - (e << 23));
  vf s = (m - 1.0f) / (m + 1.0f), z = s * s;
  vf series = s * (2.0f + z * (0.66666667f + z * (0.4f + z * (0.28571429f + z * 0.22222222f))));
  vf k = __builtin_convertvector(e, vf);
  return k * LN2_HIGH + (k * LN2_LOW + series);
}

/* tanh x as x P(x^2) / Q(x^2) for |x| <= 7.9, clamped beyond: minimax, fitted for this; absolute error 3e-7. */
INLINE vf vtanh(vf x) {
  vf y = blend(x < -7.9f, splat(-7.9f), x);
  y = blend(y > 7.9f, splat(7.9f), y);
  vf z = y * y;
  vf p = 1.0f + z * (0.134444520f + z * (3.57169565e-3f + z * (2.19034137e-5f + z * 1.52596780e-8f)));
  vf q = 1.0f + z * (0.467777729f + z * (2.61644125e-2f + z * (3.41174280e-4f + z * 8.53054587e-7f)));
  return y * p / q;
}

/* ------------------------------------------------------------ in double: the bits of base/math/elementary.ts, term by term */

/* ln x for x in (0, 1]. */
INLINE double logd(double x) {
  i32 e = (i32)(bitsOfDouble(x) >> 52) - 1023;
  double m = ((union { i64 i; double d; }){ bitsOfDouble(x) - ((i64)e << 52) }).d;
  if (m > 1.4142135623730951) m *= 0.5, e++;
  double f = m - 1.0, s = f / (2.0 + f), z = s * s, w = z * z;
  double low = 2.0 / 3 + z * (2.0 / 5) + w * (2.0 / 7 + z * (2.0 / 9));
  double high = 2.0 / 11 + z * (2.0 / 13) + w * (2.0 / 15 + z * (2.0 / 17) + w * (2.0 / 19 + z * (2.0 / 21)));
  return e * 0.6931471805592082 + ((f - s * (f - z * (low + w * w * high))) + e * 7.371002565167799e-13);
}

/* cos x for x from 0 to 2 pi. */
INLINE double cosd(double x) {
  double n = (x * 0.6366197723675814 + 6755399441055744.0) - 6755399441055744.0;
  double r = x - n * 1.5707963267923333 - n * 2.5633441512663184e-12 - n * 3.2820035428735005e-22;
  double z = r * r, w = z * z, y;
  if ((i32)n & 1) {
    double low = 1.0 / 6 - z * (1.0 / 120) + w * (1.0 / 5040 - z * (1.0 / 362880));
    double high = 1.0 / 39916800 - z * (1.0 / 6227020800) + w * (1.0 / 1307674368000 - z * (1.0 / 355687428096000));
    y = r - r * z * (low + w * w * high);
  } else {
    double low = 1.0 / 2 - z * (1.0 / 24) + w * (1.0 / 720 - z * (1.0 / 40320));
    double high = 1.0 / 3628800 - z * (1.0 / 479001600) + w * (1.0 / 87178291200 - z * (1.0 / 20922789888000));
    y = 1.0 - z * (low + w * w * high);
  }
  return ((i32)n + 1) & 2 ? -y : y;
}

/* ------------------------------------------------------------------------------------------- random numbers */

typedef struct { double first, second; } Pair;

typedef struct { u32 word[4]; } Words;

/* Philox4x32-10 (base/math/streams.ts). */
INLINE Words philox(u32 draw, u32 event, u32 id, u32 purpose, u32 key0, u32 key1) {
  for (i32 round = 0; round < 10; round++) {
    u64 a = 0xD2511F53ull * draw, b = 0xCD9E8D57ull * id;
    u32 next0 = (u32)(b >> 32) ^ event ^ key0, next2 = (u32)(a >> 32) ^ purpose ^ key1;
    draw = next0, event = (u32)b, id = next2, purpose = (u32)a;
    key0 += 0x9E3779B9u, key1 += 0xBB67AE85u;
  }
  return (Words){ { draw, event, id, purpose } };
}

/* Two numbers in [0, 1) of 53 bits. */
INLINE Pair uniforms(Words w) {
  return (Pair){ ((double)(w.word[0] >> 5) * 67108864.0 + (double)(w.word[1] >> 6)) * 1.1102230246251565e-16,
                 ((double)(w.word[2] >> 5) * 67108864.0 + (double)(w.word[3] >> 6)) * 1.1102230246251565e-16 };
}

/* A standard normal number (Box and Muller), with the bits of base/math/streams.ts. */
INLINE double normal(Pair u) {
  return __builtin_elementwise_sqrt(-2.0 * logd(1.0 - u.first)) * cosd(6.283185307179586 * u.second);
}
