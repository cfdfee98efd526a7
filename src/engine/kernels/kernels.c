/*
 * PPO's arithmetic: forward and backward of actor and critic, sampling, losses, sums rounded to a grid, Adam.
 *
 * One freestanding source, no libc, built for WASM (W = 4 lanes) and natively (W = 8 for AVX2, 4 for NEON) with
 * the same bits from all builds (README.md). What makes them equal:
 *   - every element of a product is accumulated over k in order, whatever the tile or the vector width;
 *   - no sum runs across vector lanes; no contraction (-ffp-contract=off), no reassociation;
 *   - the elementary functions are ours; sqrt and division are IEEE everywhere;
 *   - minima and maxima are comparisons, since the machines' own differ in NaN and signed zero.
 *
 * All memory is one arena that begins with its Context. The driver (driver.ts) lays it out; places are 4-byte
 * words from there. Pointers in the arguments may lead elsewhere.
 */
#include "../../base/math/kernels/math.h"
#include "matrix.h"
#include "optimizer.h"

/* Rows that go through a network together: their activations stay in the first-level cache. */
#define BLOCK 32
#define MAX_LAYERS 16
/* Columns are padded to this many, with zeros: the widest vector. */
#define PAD 8

enum { LINEAR, TANH, RELU, ELU };
enum { CATEGORICAL, GAUSSIAN };
/* In the order of base/statistics.ts. */
enum { ROWS, POLICY_LOSS, VALUE_LOSS, ENTROPY, APPROX_KL, CLIPPED, KL, STATISTICS };

/* One dense layer, y = f(x W^T + b). Padded matrices: their rows are `inPad` or `outPad` long. */
typedef struct {
  i32 in, out, inPad, outPad, activation;
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
  i32 observationSize, distribution, numActions, distributionSize, numTensors, numParameters;
  i32 x, xPad;                      /* [BLOCK, xPad], the input of the networks     */
  i32 old, oldProbs;                /* [BLOCK, pad(actions)], scratch for KL        */
  i32 flatLogStd;                   /* Gaussian: in the flat parameter vector       */
  i32 logStd, std, gradLogStd;      /* [pad(actions)]                               */
  i32 zeros;                        /* [widest layer]                               */
  i32 parameters;                   /* [P], flat                                    */
  i32 grid;                         /* double [tensors]                             */
  i32 mean, scale;                  /* double [obs], of the observations            */
  /* rows of an act(): what is seen, done and thought                                */
  i32 seen, actions, logProbs, values, distributions, nonFiniteRow;
  /* rows of the rank's rollout, and those of the minibatch                          */
  i32 rowObservations, rowActions, rowLogProbs, rowValues, rowAdvantages, rowReturns, rowDistributions, indices;
  i32 normalize, withKl, valueReplaces; /* flags                                     */
  float clip;                       /* of normalised observations                   */
  float clipCoef, valueClip, huberDelta, vfCoef, entCoef, klCoef; /* infinite: off   */
  float advantageMean, advantageDivisor;
  Network trunk, actor, critic;     /* heads on the trunk; it has no layers if they are separate networks */
} Context;

EXPORT i32 contextWords(void) { return sizeof(Context) / 4; }

INLINE float *at(const Context *c, i32 word) { return (float *)((u8 *)c + (u64)(u32)word * 4); }
INLINE i32 *ints(const Context *c, i32 word) { return (i32 *)at(c, word); }
INLINE double *doubles(const Context *c, i32 word) { return (double *)at(c, word); }
INLINE const Layer *head(const Network *net) { return &net->layers[net->numLayers - 1]; }

/* --------------------------------------------------------------------------------------------- activations */

#define EACH for (i32 i = 0; i < count; i += W)

static void activate(i32 kind, float *h, i32 count) {
  if (kind == TANH) EACH store(h + i, vtanh(load(h + i)));
  else if (kind == RELU) EACH store(h + i, blend(load(h + i) <= 0.0f, splat(0.0f), load(h + i)));
  else if (kind == ELU) EACH store(h + i, blend(load(h + i) <= 0.0f, vexp(load(h + i)) - 1.0f, load(h + i)));
}

/* d *= f'(h), with f' as a function of the output: 1 - h^2; 0 or 1; 1 or 1 + h. */
static void activateBackward(i32 kind, const float *h, float *d, i32 count) {
  if (kind == TANH) EACH store(d + i, load(d + i) * (1.0f - load(h + i) * load(h + i)));
  else if (kind == RELU) EACH store(d + i, blend(load(h + i) <= 0.0f, splat(0.0f), load(d + i)));
  else if (kind == ELU) EACH store(d + i, blend(load(h + i) <= 0.0f, load(d + i) * (1.0f + load(h + i)), load(d + i)));
}

/* ------------------------------------------------------------------------------------------------- networks */

/* Copies a network's parameters out of the flat vector into padded matrices, weights in both orders. */
static void packNetwork(const Context *c, const Network *net) {
  for (i32 l = 0; l < net->numLayers; l++) {
    const Layer *layer = &net->layers[l];
    const float *from = at(c, c->parameters) + layer->flatWeight;
    float *weight = at(c, layer->weight), *bias = at(c, layer->bias);
    transpose(at(c, layer->weightT), layer->outPad, from, layer->out, layer->in);
    if (weight != from) /* where rows need no padding, it is the flat vector's own */
      for (i32 o = 0; o < layer->out; o++)
        for (i32 k = 0; k < layer->in; k++) weight[o * layer->inPad + k] = from[o * layer->in + k];
    for (i32 o = 0; o < layer->out; o++) bias[o] = at(c, c->parameters)[layer->flatBias + o];
  }
}

/* Takes the parameters as they lie in the arena. */
EXPORT void pack(Context *c) {
  const float *parameters = at(c, c->parameters);
  packNetwork(c, &c->trunk);
  packNetwork(c, &c->actor);
  packNetwork(c, &c->critic);
  if (c->distribution != GAUSSIAN) return;
  for (i32 j = 0; j < c->numActions; j++) at(c, c->logStd)[j] = parameters[c->flatLogStd + j];
  for (i32 j = 0; j < c->numActions; j += W) store(at(c, c->std) + j, vexp(load(at(c, c->logStd) + j)));
}

/* y of a layer before its activation: its products with x on top of `start`, its bias or zeros. */
static void product(const Context *c, const Layer *layer, const float *x, i32 start, i32 rows) {
  multiply(at(c, layer->y), layer->outPad, at(c, start), 0, x, layer->inPad, 1, at(c, layer->weightT), layer->outPad,
           rows, layer->outPad, layer->in);
}

static void forward(const Context *c, const Network *net, const float *x, i32 rows) {
  for (i32 l = 0; l < net->numLayers; l++) {
    const Layer *layer = &net->layers[l];
    product(c, layer, x, layer->bias, rows);
    activate(layer->activation, at(c, layer->y), rows * layer->outPad);
    x = at(c, layer->y);
  }
}

/* What the heads read: the trunk's output, or the observations. */
INLINE float *headInput(const Context *c) {
  return at(c, c->trunk.numLayers ? head(&c->trunk)->y : c->x);
}

/* Values of the rows in c->x, and with `policy` the actor's outputs. */
static void forwardAll(const Context *c, i32 rows, i32 policy) {
  forward(c, &c->trunk, at(c, c->x), rows);
  if (policy) forward(c, &c->actor, headInput(c), rows);
  forward(c, &c->critic, headInput(c), rows);
}

/* sum [width] (+)= each of the rows of dy, in order: a bias's gradient. */
static void addRows(float *sum, const float *dy, i32 width, i32 rows, i32 first) {
  for (i32 o = 0; o < width; o += W) {
    vf total = first ? splat(0.0f) : load(sum + o);
    for (i32 r = 0; r < rows; r++) total += load(dy + r * width + o);
    store(sum + o, total);
  }
}

/*
 * Layer l of a network: adds the gradients of `rows` rows, in their order, to the shard's, or begins with them if they
 * are its `first`; starts from the layer's dy. x is the network's input; dx, unless it is null, becomes dxStart plus the
 * gradient with respect to it (both [rows, inPad], a stride of 0 being the one row of zeros).
 */
static void backwardLayer(const Context *c, const Network *net, i32 l, const float *x, float *dx, const float *dxStart,
                          i32 rows, i32 first) {
  const Layer *layer = &net->layers[l], *below = &net->layers[l - 1];
  float *dy = at(c, layer->dy), *to = l ? at(c, below->dy) : dx, *gradWeight = at(c, layer->gradWeight);
  const float *zeros = at(c, c->zeros), *start = l || !dxStart ? zeros : dxStart;
  activateBackward(layer->activation, at(c, layer->y), dy, rows * layer->outPad);
  addRows(at(c, layer->gradBias), dy, layer->outPad, rows, first);
  multiply(gradWeight, layer->inPad, first ? zeros : gradWeight, first ? 0 : layer->inPad, dy, 1, layer->outPad,
           l ? at(c, below->y) : x, layer->inPad, layer->out, layer->inPad, rows);
  if (to)
    multiply(to, layer->inPad, start, start == zeros ? 0 : layer->inPad, dy, layer->outPad, 1, at(c, layer->weight),
             layer->inPad, rows, layer->inPad, layer->out);
}

static void backward(const Context *c, const Network *net, const float *x, float *dx, const float *dxStart, i32 rows,
                     i32 first) {
  for (i32 l = net->numLayers - 1; l >= 0; l--) backwardLayer(c, net, l, x, dx, dxStart, rows, first);
}

static void backwardAll(const Context *c, i32 rows, i32 first) {
  float *dx = c->trunk.numLayers ? at(c, head(&c->trunk)->dy) : 0;
  backward(c, &c->actor, headInput(c), dx, 0, rows, first);
  backward(c, &c->critic, headInput(c), dx, dx, rows, first);
  backward(c, &c->trunk, at(c, c->x), 0, 0, rows, first);
}

/* --------------------------------------------------------------------------------- the distribution over actions */

#define HALF_LOG_2PI 0.9189385332046728f

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

/* The first action at which the running probability exceeds u. */
INLINE i32 invert(const float *p, i32 n, double u) {
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

/* The Gaussian's log-density of an action: -(a - m)^2 / (2 sigma^2) - log sigma - 1/2 log 2 pi, summed. */
INLINE float logDensity(const Context *c, const float *mean, const float *action) {
  float logProb = 0.0f;
  for (i32 j = 0; j < c->numActions; j++) {
    float z = (action[j] - mean[j]) / at(c, c->std)[j];
    logProb -= 0.5f * z * z + at(c, c->logStd)[j] + HALF_LOG_2PI;
  }
  return logProb;
}

INLINE i32 isFinite(float x) { return (bitsOf(x) & 0x7f800000) != 0x7f800000; }

/* Normalises the observations of n rows in place, and finds the first that is not finite. */
static void see(const Context *c, i32 n) {
  float *x = at(c, c->seen);
  i32 size = c->observationSize, *bad = ints(c, c->nonFiniteRow);
  *bad = -1;
  for (i32 r = n - 1; r >= 0; r--)
    for (i32 k = 0; k < size; k++) {
      float *here = x + r * size + k;
      if (!isFinite(*here)) *bad = r;
      if (c->normalize) *here = clampf((float)(((double)*here - doubles(c, c->mean)[k]) * doubles(c, c->scale)[k]), c->clip);
    }
}

/* Takes `rows` rows of `observations` as the networks' input: those from `first` on, or those that `indices` names. */
static void loadInput(const Context *c, const float *observations, const i32 *indices, i32 first, i32 rows) {
  i32 size = c->observationSize;
  float *x = at(c, c->x);
  for (i32 r = 0; r < rows; r++) {
    const float *from = observations + (indices ? indices[first + r] : first + r) * size;
    for (i32 k = 0; k < size; k++) x[r * c->xPad + k] = from[k];
  }
}

enum { PURPOSE_ACTION = 3 };

/* The action, log-probability and distribution of row `row`; z is the actor's output, p its probabilities. */
INLINE void choose(const Context *c, const float *z, const float *p, i32 row, i32 greedy, u32 seedLow, u32 seedHigh,
                   u32 env, u32 step) {
  i32 n = c->numActions;
  float *logProb = at(c, c->logProbs) + row;
  if (c->distribution == CATEGORICAL) {
    double u = greedy ? 0.0 : uniforms(philox(0, step, env, PURPOSE_ACTION, seedLow, seedHigh)).first;
    i32 action = greedy ? mode(at(c, c->distributions) + row * n, n) : invert(p, n, u);
    ints(c, c->actions)[row] = action;
    *logProb = z[action];
    return;
  }
  float *action = at(c, c->actions) + row * n;
  for (i32 j = 0; j < n; j++) {
    double noise = greedy ? 0.0 : normal(uniforms(philox(j, step, env, PURPOSE_ACTION, seedLow, seedHigh)));
    action[j] = z[j] + at(c, c->std)[j] * (float)noise;
  }
  *logProb = logDensity(c, z, action);
}

/* What a row's distribution is given by: logits; or means, then log_stds. */
INLINE void describe(const Context *c, const float *z, float *to) {
  for (i32 j = 0; j < c->numActions; j++) to[j] = z[j];
  if (c->distribution == GAUSSIAN)
    for (i32 j = 0; j < c->numActions; j++) to[c->numActions + j] = at(c, c->logStd)[j];
}

/* What the block of rows from `first` on does, by what the heads say. */
static void decide(const Context *c, i32 first, i32 rows, i32 greedy, u32 seedLow, u32 seedHigh, u32 firstEnv, u32 step) {
  const Layer *policy = head(&c->actor), *value = head(&c->critic);
  i32 *bad = ints(c, c->nonFiniteRow), ld = policy->outPad;
  float *z = at(c, policy->y), *p = at(c, policy->dy);
  for (i32 r = 0; r < rows; r++) describe(c, z + r * ld, at(c, c->distributions) + (first + r) * c->distributionSize);
  if (c->distribution == CATEGORICAL) logSoftmax(z, p, ld, rows, c->numActions);
  for (i32 r = 0; r < rows; r++) {
    i32 row = first + r;
    choose(c, z + r * ld, p + r * ld, row, greedy, seedLow, seedHigh, firstEnv + row, step);
    at(c, c->values)[row] = at(c, value->y)[r * value->outPad];
    i32 fine = isFinite(at(c, c->logProbs)[row]) && isFinite(at(c, c->values)[row]);
    if (!fine && (*bad < 0 || row < *bad)) *bad = row;
  }
}

/* Acts for n rows: actions, log-probabilities, values; sampled, or the mode if `greedy`. */
EXPORT void act(Context *c, i32 n, i32 greedy, u32 seedLow, u32 seedHigh, u32 firstEnv, u32 step) {
  see(c, n);
  for (i32 first = 0; first < n; first += BLOCK) {
    i32 rows = n - first < BLOCK ? n - first : BLOCK;
    loadInput(c, at(c, c->seen), 0, first, rows);
    forwardAll(c, rows, 1);
    decide(c, first, rows, greedy, seedLow, seedHigh, firstEnv, step);
  }
}

/* Values of n rows. */
EXPORT void evaluate(Context *c, i32 n) {
  const Layer *value = head(&c->critic);
  see(c, n);
  for (i32 first = 0; first < n; first += BLOCK) {
    i32 rows = n - first < BLOCK ? n - first : BLOCK;
    loadInput(c, at(c, c->seen), 0, first, rows);
    forwardAll(c, rows, 0);
    for (i32 r = 0; r < rows; r++) at(c, c->values)[first + r] = at(c, value->y)[r * value->outPad];
  }
}

/* -------------------------------------------------------------------------------------------------------- losses */

/* The clipped surrogate of one row whose log-ratio is l; returns d loss / d log-probability. */
INLINE float surrogate(const Context *c, i32 row, float l, float ratio, double *stats) {
  float A = (at(c, c->rowAdvantages)[row] - c->advantageMean) / c->advantageDivisor;
  float low = 1.0f - c->clipCoef, high = 1.0f + c->clipCoef;
  float clipped = ratio < low ? low : ratio > high ? high : ratio;
  float plain = ratio * A, other = clipped * A;
  /* Turned so that NaN takes the plain term: it must reach the gradient. */
  i32 binds = other < plain;
  /* e^l - 1 - l: the difference would leave nothing but rounding where l is small. */
  float off = ratio - 1.0f, far = l < 0.0f ? -l : l;
  stats[POLICY_LOSS] -= (double)(binds ? other : plain);
  stats[APPROX_KL] += far < 0.34f ? (double)(l * l * EXP_POLYNOMIAL(l)) : (double)off - (double)l;
  stats[CLIPPED] += (off < 0.0f ? -off : off) > c->clipCoef ? 1.0 : 0.0;
  return binds ? 0.0f : -plain;
}

/*
 * The policy's gradient of one row with respect to its logits, dl = d loss / d log p_a: `dz` holds the
 * probabilities p, z their logarithms, q and logQ are the old policy's, or null without KL.
 *   dz_j = dl ([j = a] - p_j) + entCoef p_j (log p_j + H) + klCoef (p_j - q_j)
 */
INLINE void categoricalRow(const Context *c, const float *z, float *dz, const float *logQ, const float *q, i32 row,
                           float dl, double *stats) {
  i32 n = c->numActions, action = ints(c, c->rowActions)[row];
  float entropy = 0.0f, kl = 0.0f;
  for (i32 j = 0; j < n; j++) entropy -= dz[j] * z[j];
  for (i32 j = 0; j < n; j++) {
    float p = dz[j];
    dz[j] = dl * ((j == action ? 1.0f : 0.0f) - p) + c->entCoef * p * (z[j] + entropy);
    if (c->withKl) dz[j] += c->klCoef * (p - q[j]), kl += q[j] * (logQ[j] - z[j]);
  }
  stats[ENTROPY] += (double)entropy;
  stats[KL] += (double)kl;
}

/* Likewise with respect to the Gaussian's means z and, added to the shard's, to log_std. */
INLINE void gaussianRow(const Context *c, const float *z, float *dz, i32 row, float dl, double *stats) {
  i32 n = c->numActions;
  const float *action = at(c, c->rowActions) + row * n, *old = at(c, c->rowDistributions) + row * 2 * n;
  const float *logStd = at(c, c->logStd), *std = at(c, c->std);
  float entropy = 0.0f, kl = 0.0f;
  for (i32 j = 0; j < n; j++) {
    float u = (action[j] - z[j]) / std[j];
    float byLogStd = dl * (u * u - 1.0f) - c->entCoef;
    dz[j] = dl * (u / std[j]);
    entropy += logStd[j] + 0.5f + HALF_LOG_2PI;
    if (c->withKl) {
      float move = (z[j] - old[j]) / std[j], ratio = at(c, c->old)[j] / std[j];
      float spread = ratio * ratio + move * move;
      kl += logStd[j] - old[n + j] + 0.5f * spread - 0.5f;
      dz[j] += c->klCoef * (move / std[j]);
      byLogStd += c->klCoef * (1.0f - spread);
    }
    at(c, c->gradLogStd)[j] += byLogStd;
  }
  stats[ENTROPY] += (double)entropy;
  stats[KL] += (double)kl;
}

/* The policy's terms of a block of rows. */
static void policyLoss(const Context *c, const i32 *indices, i32 rows, double *stats) {
  const Layer *policy = head(&c->actor);
  i32 ld = policy->outPad, n = c->numActions, categorical = c->distribution == CATEGORICAL;
  float *z = at(c, policy->y), *dz = at(c, policy->dy), *old = at(c, c->old), l[BLOCK], ratio[BLOCK];
  if (categorical) logSoftmax(z, dz, ld, rows, n);
  if (categorical && c->withKl) {
    for (i32 r = 0; r < rows; r++)
      for (i32 j = 0; j < n; j++) old[r * ld + j] = at(c, c->rowDistributions)[indices[r] * n + j];
    logSoftmax(old, at(c, c->oldProbs), ld, rows, n);
  }
  for (i32 r = 0; r < BLOCK; r++) l[r] = 0.0f;
  for (i32 r = 0; r < rows; r++) {
    i32 row = indices[r];
    float logProb = categorical ? z[r * ld + ints(c, c->rowActions)[row]]
                                : logDensity(c, z + r * ld, at(c, c->rowActions) + row * n);
    l[r] = logProb - at(c, c->rowLogProbs)[row];
  }
  for (i32 r = 0; r < BLOCK; r += W) store(ratio + r, vexp(load(l + r)));
  for (i32 r = 0; r < rows; r++) {
    i32 row = indices[r], k = r * ld;
    float dl = surrogate(c, row, l[r], ratio[r], stats);
    if (categorical) {
      categoricalRow(c, z + k, dz + k, old + k, at(c, c->oldProbs) + k, row, dl, stats);
      continue;
    }
    const float *oldLogStd = at(c, c->rowDistributions) + row * 2 * n + n;
    if (c->withKl) /* one vector of log_std in all rows that acted together; read to the end of its last vector */
      for (i32 j = 0; j < n; j += W) store(old + j, vexp(load(oldLogStd + j)));
    gaussianRow(c, z + k, dz + k, row, dl, stats);
  }
}

INLINE float huber(float error, float delta) {
  float size = error < 0.0f ? -error : error;
  return size > delta ? delta * (size - 0.5f * delta) : 0.5f * error * error;
}

/* The value's term of one row; returns d loss / d value. */
INLINE float valueRow(const Context *c, float value, i32 row, double *stats) {
  float target = at(c, c->rowReturns)[row], old = at(c, c->rowValues)[row];
  float error = value - target, moved = value - old;
  float loss = huber(error, c->huberDelta), slope = clampf(error, c->huberDelta);
  if (moved > c->valueClip || moved < -c->valueClip) {
    float clipped = huber(old + clampf(moved, c->valueClip) - target, c->huberDelta);
    /* The moved value does not depend on this one: no slope. */
    if (c->valueReplaces || clipped > loss) loss = clipped, slope = 0.0f;
  }
  stats[VALUE_LOSS] += (double)loss;
  return c->vfCoef * slope;
}

/* Losses of the `rows` rows of the minibatch from `begin` on, and what they are by the heads' outputs. */
static void differentiate(const Context *c, i32 begin, i32 rows, double *stats) {
  const Layer *value = head(&c->critic);
  const i32 *indices = ints(c, c->indices) + begin;
  policyLoss(c, indices, rows, stats);
  for (i32 r = 0; r < rows; r++)
    at(c, value->dy)[r * value->outPad] = valueRow(c, at(c, value->y)[r * value->outPad], indices[r], stats);
  stats[ROWS] += rows;
}

/* Forward, losses and backward of these rows, the `first` of their shard or not. */
static void learn(const Context *c, i32 begin, i32 rows, i32 first, double *stats) {
  loadInput(c, at(c, c->rowObservations), ints(c, c->indices) + begin, 0, rows);
  forwardAll(c, rows, 1);
  differentiate(c, begin, rows, stats);
  backwardAll(c, rows, first);
}

/* ---------------------------------------------------------------------------------------- sums rounded to a grid */

/*
 * Adds one tensor's shard sum [rows, columns] (rows `ld` apart) to the rank's, rounded to the grid: adding and
 * subtracting 1.5 * 2^52 grids rounds to the nearest multiple, ties to even, up to 2^51 grids (base/math/exact.ts,
 * whose bits these are; sums that are larger do not fit and are thrown away). Returns the largest magnitude
 * before, found among the bits, where NaN and infinity come out on top.
 */
static double addRounded(const float *from, i32 ld, i32 rows, i32 columns, double *to, double grid, i32 first) {
  vi top = (vi){};
  i32 last = 0;
  double shift = grid * 6755399441055744.0;
  if (ld == columns) columns *= rows, rows = 1;
  for (i32 r = 0; r < rows; r++, from += ld, to += columns) {
    i32 k = 0;
    for (; k + W <= columns; k += W) {
      vf g = load(from + k);
      vi magnitude = (vi)g & 0x7fffffff;
      vi above = magnitude > top;
      top = (above & magnitude) | (~above & top);
      vd sum = first ? (vd){} : *(vd *)(to + k);
      *(vd *)(to + k) = sum + ((__builtin_convertvector(g, vd) + shift) - shift);
    }
    for (; k < columns; k++) {
      i32 magnitude = bitsOf(from[k]) & 0x7fffffff;
      last = magnitude > last ? magnitude : last;
      to[k] = (first ? 0.0 : to[k]) + (((double)from[k] + shift) - shift);
    }
  }
  for (i32 i = 0; i < W; i++) last = top[i] > last ? top[i] : last;
  return ((union { i32 i; float f; }){ last }).f;
}

/* Writes the largest magnitude of each of the network's tensors from `largest` on; returns where the next goes. */
static double *addNetwork(const Context *c, const Network *net, const double **grid, double *gradient, double *largest,
                          i32 first) {
  for (i32 l = 0; l < net->numLayers; l++, *grid += 2, largest += 2) {
    const Layer *layer = &net->layers[l];
    largest[0] = addRounded(at(c, layer->gradWeight), layer->inPad, layer->out, layer->in,
                            gradient + layer->flatWeight, (*grid)[0], first);
    largest[1] = addRounded(at(c, layer->gradBias), 0, 1, layer->out, gradient + layer->flatBias, (*grid)[1],
                            first);
  }
  return largest;
}

static void beginShard(const Context *c, double *stats) {
  for (i32 i = 0; i < STATISTICS; i++) stats[i] = 0.0;
  for (i32 j = 0; j < c->numActions; j++) at(c, c->gradLogStd)[j] = 0.0f;
}

/* Adds the shard's sums to the rank's, or begins with them if it is the `first`. */
static void endShard(const Context *c, double *gradient, double *stats, i32 first) {
  const double *grid = doubles(c, c->grid);
  double *largest = stats + STATISTICS;
  largest = addNetwork(c, &c->trunk, &grid, gradient, largest, first);
  largest = addNetwork(c, &c->actor, &grid, gradient, largest, first);
  largest = addNetwork(c, &c->critic, &grid, gradient, largest, first);
  if (c->distribution == GAUSSIAN)
    *largest = addRounded(at(c, c->gradLogStd), 0, 1, c->numActions, gradient + c->flatLogStd, *grid, first);
}

/*
 * The gradients of `numShards` shards of `rowsPerShard` rows each, shard after shard, into `gradient` [P]; and
 * into `slots` [numShards, STATISTICS + tensors] each shard's statistics and largest magnitudes.
 */
EXPORT void gradients(Context *c, i32 numShards, i32 rowsPerShard, double *gradient, double *slots) {
  for (i32 shard = 0; shard < numShards; shard++) {
    double *stats = slots + shard * (STATISTICS + c->numTensors);
    i32 begin = shard * rowsPerShard, end = begin + rowsPerShard;
    beginShard(c, stats);
    for (i32 at = begin; at < end; at += BLOCK) learn(c, at, end - at < BLOCK ? end - at : BLOCK, at == begin, stats);
    endShard(c, gradient, stats, shard == 0);
  }
}

/* -------------------------------------------------------------------------------------------------------- in steps */

/*
 * act() and gradients() cut where the ranks that a network is divided between have to add up: after a layer whose
 * inputs are divided, before its activation; and after the gradients by the inputs of one whose outputs are. The driver
 * is divided.ts. `part`: 0 trunk, 1 actor, 2 critic.
 */
INLINE const Network *network(const Context *c, i32 part) {
  return part == 0 ? &c->trunk : part == 1 ? &c->actor : &c->critic;
}

INLINE const float *inputOf(const Context *c, i32 part, i32 l) {
  if (l) return at(c, network(c, part)->layers[l - 1].y);
  return part == 0 ? at(c, c->x) : headInput(c);
}

EXPORT void stepSee(Context *c, i32 n) { see(c, n); }

/* Takes rows as the networks' input: those that are seen, from `begin` on, or those of the minibatch. */
EXPORT void stepInput(Context *c, i32 ofMinibatch, i32 begin, i32 rows) {
  if (ofMinibatch) loadInput(c, at(c, c->rowObservations), ints(c, c->indices) + begin, 0, rows);
  else loadInput(c, at(c, c->seen), 0, begin, rows);
}

EXPORT void stepProduct(Context *c, i32 part, i32 l, i32 rows, i32 withBias) {
  const Layer *layer = &network(c, part)->layers[l];
  product(c, layer, inputOf(c, part, l), withBias ? layer->bias : c->zeros, rows);
}

EXPORT void stepActivate(Context *c, i32 part, i32 l, i32 rows) {
  const Layer *layer = &network(c, part)->layers[l];
  activate(layer->activation, at(c, layer->y), rows * layer->outPad);
}

EXPORT void stepDecide(Context *c, i32 first, i32 rows, i32 greedy, u32 seedLow, u32 seedHigh, u32 firstEnv, u32 step) {
  decide(c, first, rows, greedy, seedLow, seedHigh, firstEnv, step);
}

EXPORT void stepValues(Context *c, i32 first, i32 rows) {
  const Layer *value = head(&c->critic);
  for (i32 r = 0; r < rows; r++) at(c, c->values)[first + r] = at(c, value->y)[r * value->outPad];
}

EXPORT void stepLoss(Context *c, i32 begin, i32 rows, i32 first, double *stats) {
  if (first) beginShard(c, stats);
  differentiate(c, begin, rows, stats);
}

EXPORT void stepBackward(Context *c, i32 part, i32 l, i32 rows, i32 first) {
  float *dx = part && c->trunk.numLayers ? at(c, head(&c->trunk)->dy) : 0;
  backwardLayer(c, network(c, part), l, inputOf(c, part, 0), dx, part == 2 ? dx : 0, rows, first);
}

EXPORT void stepShard(Context *c, double *gradient, double *stats, i32 first) { endShard(c, gradient, stats, first); }
