/*
 * PPO's arithmetic: forward and backward of actor and critic, sampling, losses, sums rounded to a grid.
 *
 * One freestanding source, no libc, built for WASM (W = 4 lanes) and natively (W = 8 for AVX2, 4 for NEON) with
 * the same bits from all builds (README.md). What makes them equal:
 *   - every element of a product is accumulated over k in order, whatever the tile or the vector width;
 *   - no sum runs across vector lanes; no contraction (-ffp-contract=off), no reassociation;
 *   - exp, log and tanh are ours; sqrt and division are IEEE everywhere;
 *   - minima and maxima are comparisons, since the machines' own differ in NaN and signed zero.
 *
 * All memory is one arena. The driver (driver.ts) lays it out and passes places as indices of 4-byte words.
 */
typedef unsigned char u8;
typedef int i32;
typedef unsigned int u32;
typedef unsigned long long u64;

#ifndef W
#define W 4
#endif
typedef float vf __attribute__((vector_size(W * 4), aligned(4)));
typedef i32 vi __attribute__((vector_size(W * 4), aligned(4)));
typedef double vd __attribute__((vector_size(W * 8), aligned(8)));

#define EXPORT __attribute__((visibility("default")))
#define INLINE static inline __attribute__((always_inline))

/* Rows that go through a network together: their activations stay in the first-level cache. */
#define BLOCK 32
#define MAX_LAYERS 16
/* Columns are padded to this many, with zeros: the widest vector. */
#define PAD 8

enum { TANH, RELU, ELU };

/* One dense layer, y = x W^T + b. Padded matrices: their rows are `inPad` or `outPad` long. */
typedef struct {
  i32 in, out, inPad, outPad;
  i32 flatWeight, flatBias;         /* in the flat parameter vector                 */
  i32 weight;                       /* [out, inPad]                                 */
  i32 weightT;                      /* [in, outPad]                                 */
  i32 bias;                         /* [outPad]                                     */
  i32 gradWeight;                   /* [out, inPad], of the shard at hand           */
  i32 gradBias;                     /* [outPad]                                     */
  i32 y, dy;                        /* [BLOCK, outPad]                              */
} Layer;

typedef struct {
  i32 numLayers;
  Layer layers[MAX_LAYERS];
} Network;

/* Everything that the kernels need to know: the driver writes it, in the order of arena.ts. */
typedef struct {
  i32 observationSize, numActions, activation, numTensors;
  i32 x, xPad;                      /* [BLOCK, xPad], the input of both networks    */
  i32 parameters;                   /* [P], flat                                    */
  /* rows of an act() or of a minibatch, gathered                                    */
  i32 observations;                 /* [rows, obs]                                  */
  i32 actions, logProbs, values, advantages, returns;
  /* results                                                                         */
  i32 gradient;                     /* double [P]                                   */
  i32 statistics;                   /* double [shards, STATISTICS]                  */
  i32 largest;                      /* double [shards, tensors]                     */
  i32 grid;                         /* double [tensors]                             */
  float clipCoef, valueClip, vfCoef, entCoef; /* valueClip < 0: off                 */
  float advantageMean, advantageDivisor;
  Network actor, critic;
} Context;

/* In the order of base/statistics.ts. */
enum { ROWS, POLICY_LOSS, VALUE_LOSS, ENTROPY, APPROX_KL, CLIPPED, KL, STATISTICS };

static u8 *base;

EXPORT void arena(u8 *address) { base = address; }
EXPORT i32 contextWords(void) { return sizeof(Context) / 4; }

INLINE float *at(i32 word) { return (float *)(base + (u64)(u32)word * 4); }
INLINE double *doubles(i32 word) { return (double *)at(word); }
INLINE vf load(const float *p) { return *(const vf *)p; }
INLINE void store(float *p, vf v) { *(vf *)p = v; }
INLINE vf splat(float x) { return x - (vf){}; } /* not +, which would have to turn -0 into 0 */
INLINE vf blend(vi mask, vf yes, vf no) { return (vf)((mask & (vi)yes) | (~mask & (vi)no)); }

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

static void activate(i32 kind, float *h, i32 count) {
  for (i32 i = 0; i < count; i += W) {
    vf x = load(h + i);
    if (kind == TANH) x = vtanh(x);
    else if (kind == RELU) x = blend(x <= 0.0f, splat(0.0f), x);
    else x = blend(x <= 0.0f, vexp(x) - 1.0f, x);
    store(h + i, x);
  }
}

/* d *= f'(h), with f' as a function of the output: 1 - h^2; 0 or 1; 1 or 1 + h. */
static void activateBackward(i32 kind, const float *h, float *d, i32 count) {
  for (i32 i = 0; i < count; i += W) {
    vf y = load(h + i), g = load(d + i);
    if (kind == TANH) g = g * (1.0f - y * y);
    else if (kind == RELU) g = blend(y <= 0.0f, splat(0.0f), g);
    else g = blend(y <= 0.0f, g * (1.0f + y), g);
    store(d + i, g);
  }
}

/* ------------------------------------------------------------------------------------------- dense products */

/*
 * c[i][j] += sum over k of a(i, k) b[k][j] for a tile of M rows and V vectors of columns. `a` has any strides, so
 * that the three products of a layer (forward, by inputs, by weights) are this one. Each element is accumulated
 * over k in order: tiles and W do not show.
 */
#define TILE(M, V)                                                                                             \
  static void tile##M##x##V(float *c, i32 ldc, const float *a, i32 rowStride, i32 kStride, const float *b,      \
                            i32 ldb, i32 depth) {                                                               \
    vf sum[M][V];                                                                                              \
    for (i32 i = 0; i < M; i++)                                                                                \
      for (i32 j = 0; j < V; j++) sum[i][j] = load(c + i * ldc + j * W);                                        \
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
TILE(6, 2) TILE(4, 2) TILE(2, 2) TILE(1, 2)
TILE(6, 1) TILE(4, 1) TILE(2, 1) TILE(1, 1)

#define TILES(V)                                                                                               \
  for (; i + 6 <= rows; i += 6) tile6x##V(c + i * ldc + j, ldc, a + i * rowStride, rowStride, kStride, b + j, ldb, depth); \
  for (; i + 4 <= rows; i += 4) tile4x##V(c + i * ldc + j, ldc, a + i * rowStride, rowStride, kStride, b + j, ldb, depth); \
  for (; i + 2 <= rows; i += 2) tile2x##V(c + i * ldc + j, ldc, a + i * rowStride, rowStride, kStride, b + j, ldb, depth); \
  for (; i < rows; i++) tile1x##V(c + i * ldc + j, ldc, a + i * rowStride, rowStride, kStride, b + j, ldb, depth);

/* c [rows, columns] += a [rows, depth] b [depth, columns]; columns are a multiple of PAD. */
static void multiplyAdd(float *c, i32 ldc, const float *a, i32 rowStride, i32 kStride, const float *b, i32 ldb,
                        i32 rows, i32 columns, i32 depth) {
  i32 j = 0;
  for (; j + 2 * W <= columns; j += 2 * W) { i32 i = 0; TILES(2) }
  for (; j < columns; j += W) { i32 i = 0; TILES(1) }
}

/* ------------------------------------------------------------------------------------------------- networks */

static void fill(float *p, i32 count) {
  for (i32 i = 0; i < count; i += W) store(p + i, splat(0.0f));
}

/* Copies a network's parameters out of the flat vector into padded matrices, weights in both orders. */
static void packNetwork(const Context *c, const Network *net) {
  for (i32 l = 0; l < net->numLayers; l++) {
    const Layer *layer = &net->layers[l];
    const float *from = at(c->parameters) + layer->flatWeight;
    float *weight = at(layer->weight), *weightT = at(layer->weightT);
    for (i32 o = 0; o < layer->out; o++)
      for (i32 k = 0; k < layer->in; k++)
        weight[o * layer->inPad + k] = weightT[k * layer->outPad + o] = from[o * layer->in + k];
    for (i32 o = 0; o < layer->out; o++) at(layer->bias)[o] = at(c->parameters)[layer->flatBias + o];
  }
}

EXPORT void pack(i32 context) {
  const Context *c = (const Context *)at(context);
  packNetwork(c, &c->actor);
  packNetwork(c, &c->critic);
}

/* The observations of `rows` rows from `first` on, padded, as input of both networks. */
static void loadInput(const Context *c, i32 first, i32 rows) {
  const float *from = at(c->observations) + first * c->observationSize;
  float *x = at(c->x);
  for (i32 r = 0; r < rows; r++)
    for (i32 k = 0; k < c->observationSize; k++) x[r * c->xPad + k] = from[r * c->observationSize + k];
}

static void forward(const Context *c, const Network *net, i32 rows) {
  const float *x = at(c->x);
  i32 ldx = c->xPad;
  for (i32 l = 0; l < net->numLayers; l++) {
    const Layer *layer = &net->layers[l];
    float *y = at(layer->y);
    const float *bias = at(layer->bias);
    for (i32 r = 0; r < rows; r++)
      for (i32 o = 0; o < layer->outPad; o += W) store(y + r * layer->outPad + o, load(bias + o));
    multiplyAdd(y, layer->outPad, x, ldx, 1, at(layer->weightT), layer->outPad, rows, layer->outPad, layer->in);
    if (l + 1 < net->numLayers) activate(c->activation, y, rows * layer->outPad);
    x = y;
    ldx = layer->outPad;
  }
}

/* Adds the gradients of `rows` rows, in their order, to the shard's; starts from the head's dy. */
static void backward(const Context *c, const Network *net, i32 rows) {
  for (i32 l = net->numLayers - 1; l >= 0; l--) {
    const Layer *layer = &net->layers[l], *below = &net->layers[l - 1];
    const float *x = l ? at(below->y) : at(c->x);
    float *dy = at(layer->dy), *gradBias = at(layer->gradBias);
    for (i32 r = 0; r < rows; r++)
      for (i32 o = 0; o < layer->outPad; o += W)
        store(gradBias + o, load(gradBias + o) + load(dy + r * layer->outPad + o));
    multiplyAdd(at(layer->gradWeight), layer->inPad, dy, 1, layer->outPad, x, layer->inPad, layer->out,
                layer->inPad, rows);
    if (l == 0) break;
    fill(at(below->dy), rows * below->outPad);
    multiplyAdd(at(below->dy), below->outPad, dy, layer->outPad, 1, at(layer->weight), layer->inPad, rows,
                layer->inPad, layer->out);
    activateBackward(c->activation, at(below->y), at(below->dy), rows * below->outPad);
  }
}

/* --------------------------------------------------------------------------------- the distribution over actions */

/*
 * Of a block of rows of logits, `ld` apart: z becomes log-probabilities, p probabilities. The largest logit is
 * subtracted first; sums run over the actions in order.
 */
static void logSoftmax(float *z, float *p, i32 ld, i32 rows, i32 n) {
  float top[BLOCK], sum[BLOCK], logSum[BLOCK];
  for (i32 r = 0; r < BLOCK; r++) sum[r] = 1.0f;
  for (i32 r = 0; r < rows; r++) {
    float *row = z + r * ld, *e = p + r * ld;
    top[r] = row[0];
    for (i32 j = 1; j < n; j++) top[r] = row[j] > top[r] ? row[j] : top[r];
    for (i32 j = 0; j < n; j += W) store(e + j, vexp(load(row + j) - top[r]));
    sum[r] = e[0];
    for (i32 j = 1; j < n; j++) sum[r] += e[j];
  }
  for (i32 r = 0; r < BLOCK; r += W) store(logSum + r, vlog(load(sum + r)));
  for (i32 r = 0; r < rows; r++)
    for (i32 j = 0; j < n; j++) {
      z[r * ld + j] -= top[r] + logSum[r];
      p[r * ld + j] /= sum[r];
    }
}

/* The first action at which the running probability exceeds u, from 0 to 1. */
INLINE i32 sample(const float *p, i32 n, double u) {
  double reached = 0.0;
  for (i32 i = 0; i < n - 1; i++) {
    reached += (double)p[i];
    if (u < reached) return i;
  }
  return n - 1;
}

INLINE i32 mode(const float *z, i32 n) {
  i32 best = 0;
  for (i32 i = 1; i < n; i++)
    if (z[i] > z[best]) best = i;
  return best;
}

/* Philox4x32-10 (base/math/streams.ts): 53 bits as a double in [0, 1). */
static double uniform(u32 draw, u32 event, u32 id, u32 purpose, u32 key0, u32 key1) {
  for (i32 round = 0; round < 10; round++) {
    u64 a = 0xD2511F53ull * draw, b = 0xCD9E8D57ull * id;
    u32 next0 = (u32)(b >> 32) ^ event ^ key0, next2 = (u32)(a >> 32) ^ purpose ^ key1;
    draw = next0, event = (u32)b, id = next2, purpose = (u32)a;
    key0 += 0x9E3779B9u, key1 += 0xBB67AE85u;
  }
  return ((double)(draw >> 5) * 67108864.0 + (double)(event >> 6)) * 1.1102230246251565e-16;
}

enum { PURPOSE_ACTION = 3 };

/* Acts for n rows: actions, log-probabilities, values; sampled, or the mode if `greedy`. */
EXPORT void act(i32 context, i32 n, i32 greedy, u32 seedLow, u32 seedHigh, u32 firstEnv, u32 step) {
  const Context *c = (const Context *)at(context);
  const Layer *policy = &c->actor.layers[c->actor.numLayers - 1], *value = &c->critic.layers[c->critic.numLayers - 1];
  for (i32 first = 0; first < n; first += BLOCK) {
    i32 rows = n - first < BLOCK ? n - first : BLOCK;
    loadInput(c, first, rows);
    forward(c, &c->actor, rows);
    forward(c, &c->critic, rows);
    logSoftmax(at(policy->y), at(policy->dy), policy->outPad, rows, c->numActions);
    for (i32 r = 0; r < rows; r++) {
      const float *z = at(policy->y) + r * policy->outPad, *p = at(policy->dy) + r * policy->outPad;
      double u = greedy ? 0.0 : uniform(0, step, firstEnv + first + r, PURPOSE_ACTION, seedLow, seedHigh);
      i32 action = greedy ? mode(z, c->numActions) : sample(p, c->numActions, u);
      ((i32 *)at(c->actions))[first + r] = action;
      at(c->logProbs)[first + r] = z[action];
      at(c->values)[first + r] = at(value->y)[r * value->outPad];
    }
  }
}

/* Values of n rows. */
EXPORT void evaluate(i32 context, i32 n) {
  const Context *c = (const Context *)at(context);
  const Layer *value = &c->critic.layers[c->critic.numLayers - 1];
  for (i32 first = 0; first < n; first += BLOCK) {
    i32 rows = n - first < BLOCK ? n - first : BLOCK;
    loadInput(c, first, rows);
    forward(c, &c->critic, rows);
    for (i32 r = 0; r < rows; r++) at(c->values)[first + r] = at(value->y)[r * value->outPad];
  }
}

/* -------------------------------------------------------------------------------------------------------- losses */

/*
 * The policy's term of one row, A its advantage, l and ratio those of its action: adds the statistics, turns the
 * probabilities p in `dz` into dz[j] = dl ([j = action] - p_j) + entCoef p_j (log p_j + H), dl = d loss / d log p_action.
 */
INLINE void policyRow(const Context *c, const float *z, float *dz, i32 row, float l, float ratio, double *stats) {
  i32 n = c->numActions, action = ((i32 *)at(c->actions))[row];
  float entropy = 0.0f;
  for (i32 j = 0; j < n; j++) entropy -= dz[j] * z[j];

  float A = (at(c->advantages)[row] - c->advantageMean) / c->advantageDivisor;
  float low = 1.0f - c->clipCoef, high = 1.0f + c->clipCoef;
  float clipped = ratio < low ? low : ratio > high ? high : ratio;
  float plain = ratio * A, other = clipped * A;
  /* Turned so that NaN takes the plain term: it must reach the gradient. */
  i32 binds = other < plain;
  float dl = binds ? 0.0f : -plain;
  for (i32 j = 0; j < n; j++)
    dz[j] = dl * ((j == action ? 1.0f : 0.0f) - dz[j]) + c->entCoef * dz[j] * (z[j] + entropy);

  /* e^l - 1 - l: the difference would leave nothing but rounding where l is small. */
  float off = ratio - 1.0f, far = l < 0.0f ? -l : l;
  double kl = far < 0.34f ? (double)(l * l * EXP_POLYNOMIAL(l)) : (double)off - (double)l;
  stats[POLICY_LOSS] -= (double)(binds ? other : plain);
  stats[ENTROPY] += (double)entropy;
  stats[APPROX_KL] += kl;
  stats[CLIPPED] += (off < 0.0f ? -off : off) > c->clipCoef ? 1.0 : 0.0;
}

/* The policy's terms of a block of rows, from `first` on in the minibatch. */
static void policyLoss(const Context *c, const Layer *policy, i32 first, i32 rows, double *stats) {
  float *z = at(policy->y), *dz = at(policy->dy), l[BLOCK], ratio[BLOCK];
  i32 ld = policy->outPad;
  const i32 *action = (i32 *)at(c->actions) + first;
  logSoftmax(z, dz, ld, rows, c->numActions);
  for (i32 r = 0; r < BLOCK; r++) l[r] = r < rows ? z[r * ld + action[r]] - at(c->logProbs)[first + r] : 0.0f;
  for (i32 r = 0; r < BLOCK; r += W) store(ratio + r, vexp(load(l + r)));
  for (i32 r = 0; r < rows; r++) policyRow(c, z + r * ld, dz + r * ld, first + r, l[r], ratio[r], stats);
}

/* The value's term of one row; returns d loss / d value. */
INLINE float valueRow(const Context *c, float value, i32 row, double *stats) {
  float target = at(c->returns)[row], error = value - target;
  float loss = 0.5f * error * error, slope = error;
  if (c->valueClip >= 0.0f) {
    float old = at(c->values)[row], moved = value - old;
    float bounded = moved < -c->valueClip ? -c->valueClip : moved > c->valueClip ? c->valueClip : moved;
    float far = old + bounded - target, farLoss = 0.5f * far * far;
    /* Where the clipped error is the larger, and the clip binds, the value has no slope. */
    if (farLoss > loss) loss = farLoss, slope = bounded == moved ? error : 0.0f;
  }
  stats[VALUE_LOSS] += (double)loss;
  return c->vfCoef * slope;
}

/* Forward, losses and backward of `rows` rows of the minibatch from `first` on. */
static void learn(const Context *c, i32 first, i32 rows, double *stats) {
  const Layer *policy = &c->actor.layers[c->actor.numLayers - 1], *value = &c->critic.layers[c->critic.numLayers - 1];
  loadInput(c, first, rows);
  forward(c, &c->actor, rows);
  forward(c, &c->critic, rows);
  policyLoss(c, policy, first, rows, stats);
  for (i32 r = 0; r < rows; r++)
    at(value->dy)[r * value->outPad] = valueRow(c, at(value->y)[r * value->outPad], first + r, stats);
  backward(c, &c->actor, rows);
  backward(c, &c->critic, rows);
  stats[ROWS] += rows;
}

/* ---------------------------------------------------------------------------------------- sums rounded to a grid */

/*
 * Adds one tensor's shard sum [rows, columns] (rows `ld` apart) to the rank's, rounded to the grid: adding and
 * subtracting 1.5 * 2^52 grids rounds to the nearest multiple, ties to even, up to 2^51 grids (base/math/exact.ts,
 * whose bits these are; sums that are larger do not fit and are thrown away). Returns the largest magnitude
 * before, found among the bits, where NaN and infinity come out on top.
 */
static double addRounded(const float *from, i32 ld, i32 rows, i32 columns, double *to, double grid) {
  vi top = (vi){};
  i32 last = 0;
  double shift = grid * 6755399441055744.0;
  for (i32 r = 0; r < rows; r++, from += ld, to += columns) {
    i32 k = 0;
    for (; k + W <= columns; k += W) {
      vf g = load(from + k);
      vi magnitude = (vi)g & 0x7fffffff;
      vi above = magnitude > top;
      top = (above & magnitude) | (~above & top);
      vd sum = *(vd *)(to + k);
      *(vd *)(to + k) = sum + ((__builtin_convertvector(g, vd) + shift) - shift);
    }
    for (; k < columns; k++) {
      union { float f; i32 i; } g = { from[k] };
      i32 magnitude = g.i & 0x7fffffff;
      last = magnitude > last ? magnitude : last;
      to[k] += ((double)g.f + shift) - shift;
    }
  }
  for (i32 i = 0; i < W; i++) last = top[i] > last ? top[i] : last;
  union { i32 i; float f; } largest = { last };
  return largest.f;
}

static void addNetwork(const Context *c, const Network *net, i32 tensor, double *largest) {
  const double *grid = doubles(c->grid);
  double *gradient = doubles(c->gradient);
  for (i32 l = 0; l < net->numLayers; l++, tensor += 2) {
    const Layer *layer = &net->layers[l];
    largest[tensor] = addRounded(at(layer->gradWeight), layer->inPad, layer->out, layer->in,
                                 gradient + layer->flatWeight, grid[tensor]);
    largest[tensor + 1] =
        addRounded(at(layer->gradBias), 0, 1, layer->out, gradient + layer->flatBias, grid[tensor + 1]);
  }
}

static void clearShard(const Network *net) {
  for (i32 l = 0; l < net->numLayers; l++) {
    const Layer *layer = &net->layers[l];
    fill(at(layer->gradWeight), layer->out * layer->inPad);
    fill(at(layer->gradBias), layer->outPad);
  }
}

/* The gradients of `numShards` shards of `rowsPerShard` gathered rows each, shard after shard. */
EXPORT void gradients(i32 context, i32 numShards, i32 rowsPerShard, i32 numParameters) {
  const Context *c = (const Context *)at(context);
  double *gradient = doubles(c->gradient);
  for (i32 i = 0; i < numParameters; i++) gradient[i] = 0.0;
  for (i32 shard = 0; shard < numShards; shard++) {
    double *stats = doubles(c->statistics) + shard * STATISTICS;
    for (i32 i = 0; i < STATISTICS; i++) stats[i] = 0.0;
    clearShard(&c->actor);
    clearShard(&c->critic);
    i32 begin = shard * rowsPerShard, end = begin + rowsPerShard;
    for (i32 first = begin; first < end; first += BLOCK)
      learn(c, first, end - first < BLOCK ? end - first : BLOCK, stats);
    double *largest = doubles(c->largest) + shard * c->numTensors;
    addNetwork(c, &c->actor, 0, largest);
    addNetwork(c, &c->critic, 2 * c->actor.numLayers, largest);
  }
}

/* ----------------------------------------------------------------------------------------------------- optimiser */

/* Sums of squares go over this many lanes, whatever W: element i to lane i mod LANES, then lane after lane. */
#define LANES 16

static double norm(const double *g, i32 count) {
  vd squares[LANES / W] = {};
  for (i32 i = 0; i < count; i += LANES)
    for (i32 j = 0; j < LANES / W; j++) {
      vd x = *(const vd *)(g + i + j * W);
      squares[j] += x * x;
    }
  double sum = 0.0;
  for (i32 i = 0; i < LANES; i++) sum += squares[i / W][i % W];
  return __builtin_elementwise_sqrt(sum);
}

/*
 * Scales the gradient to a norm of at most maxNorm and moves the parameters against it by Adam (engine/adam.ts,
 * whose bits these are): float64 arithmetic, float32 storage. `count` is a multiple of LANES, padded with zeros.
 */
EXPORT void adam(i32 parameters, i32 firstMoment, i32 secondMoment, i32 gradient, i32 count, double maxNorm,
                 double learningRate, double beta1, double beta2, double epsilon, double firstCorrection,
                 double secondCorrection) {
  float *p = at(parameters), *first = at(firstMoment), *second = at(secondMoment);
  const double *g = doubles(gradient);
  double scale = maxNorm / (norm(g, count) + 1e-6);
  scale = scale > 1.0 ? 1.0 : scale;
  for (i32 i = 0; i < count; i += W) {
    vd x = *(const vd *)(g + i) * scale;
    vd m = beta1 * __builtin_convertvector(load(first + i), vd) + (1.0 - beta1) * x;
    vd v = beta2 * __builtin_convertvector(load(second + i), vd) + (1.0 - beta2) * x * x;
    store(first + i, __builtin_convertvector(m, vf));
    store(second + i, __builtin_convertvector(v, vf));
    vd step = (learningRate * (m / firstCorrection)) / (__builtin_elementwise_sqrt(v / secondCorrection) + epsilon);
    store(p + i, __builtin_convertvector(__builtin_convertvector(load(p + i), vd) - step, vf));
  }
}
