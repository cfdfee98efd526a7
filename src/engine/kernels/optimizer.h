/* Norm clip and Adam on the flat vector: engine/adam.ts in vectors, with its bits. */

/* Sums of squares go over this many lanes, whatever W: element i to lane i mod LANES, then lane after lane. */
#define LANES 16

/* The largest magnitude of x [count], NaN and infinity on top. */
EXPORT double largestOf(const double *x, i32 count) {
  i64 largest = 0;
  vl top = (vl){};
  i32 i = 0;
  for (; i + W <= count; i += W) {
    vl magnitude = *(const vl *)(x + i) & 0x7fffffffffffffff, above = magnitude > top;
    top = (above & magnitude) | (~above & top);
  }
  for (i32 k = 0; k < W; k++) largest = top[k] > largest ? top[k] : largest;
  for (; i < count; i++) {
    i64 magnitude = bitsOfDouble(x[i]) & 0x7fffffffffffffff;
    largest = magnitude > largest ? magnitude : largest;
  }
  return ((union { i64 i; double d; }){ largest }).d;
}

/* Multiplies x [count] by `factor`, in place; returns the norm of what it has become. */
EXPORT double scaleAndNorm(double *x, i32 count, double factor) {
  double lanes[LANES] = {}, sum = 0.0;
  i32 i = 0;
  for (; i + LANES <= count; i += LANES)
    for (i32 j = 0; j < LANES; j += W) {
      vd scaled = *(vd *)(x + i + j) * factor;
      *(vd *)(x + i + j) = scaled;
      *(vd *)(lanes + j) += scaled * scaled;
    }
  for (; i < count; i++) x[i] *= factor, lanes[i % LANES] += x[i] * x[i];
  for (i32 k = 0; k < LANES; k++) sum += lanes[k];
  return __builtin_elementwise_sqrt(sum);
}

typedef struct {
  double scale;
  float beta1, rest1, beta2, rest2, stepSize, perSecond, epsilon; /* rest = 1 - beta */
} Adam;

/* One vector of Adam (engine/adam.ts, whose bits these are), in float32. */
INLINE void adamVector(const Adam *a, float *p, float *first, float *second, const double *g) {
  vf x = __builtin_convertvector(*(const vd *)g * a->scale, vf);
  vf m = a->beta1 * load(first) + a->rest1 * x, v = a->beta2 * load(second) + a->rest2 * x * x;
  store(first, m);
  store(second, v);
  store(p, load(p) - (a->stepSize * m) / (__builtin_elementwise_sqrt(v * a->perSecond) + a->epsilon));
}

/* Moves `count` parameters against `scale` times the gradient. */
EXPORT void adam(float *p, float *first, float *second, const double *g, i32 count, double scale, double stepSize,
                 double beta1, double beta2, double epsilon, double perSecond) {
  Adam a = { scale,           (float)beta1,     (float)(1.0 - beta1), (float)beta2, (float)(1.0 - beta2),
             (float)stepSize, (float)perSecond, (float)epsilon };
  i32 i = 0;
  for (; i + W <= count; i += W) adamVector(&a, p + i, first + i, second + i, g + i);
  float rest[3][W] = {};
  double restGradient[W] = {};
  for (i32 k = i; k < count; k++)
    rest[0][k - i] = p[k], rest[1][k - i] = first[k], rest[2][k - i] = second[k], restGradient[k - i] = g[k];
  adamVector(&a, rest[0], rest[1], rest[2], restGradient);
  for (i32 k = i; k < count; k++) p[k] = rest[0][k - i], first[k] = rest[1][k - i], second[k] = rest[2][k - i];
}
