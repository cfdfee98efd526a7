/*
 * A batch of CartPole-v1, stepped in one call, with the bits of ../cartpole.ts in ../batch.ts: the same operations in the
 * same order, four environments at once. All memory is one piece that begins with its Batch (batch.ts lays it out);
 * places are bytes from there. The number of rows is a multiple of LANES: those beyond the caller's are played too.
 */
#include "../../base/math/kernels/math.h"

#define LANES 4
typedef double v4 __attribute__((vector_size(LANES * 8), aligned(8)));
typedef i64 m4 __attribute__((vector_size(LANES * 8), aligned(8)));
typedef float f4 __attribute__((vector_size(LANES * 4), aligned(4)));

#define GRAVITY 9.8
#define POLE_MASS 0.1
#define TOTAL_MASS (0.1 + 1.0)
#define HALF_LENGTH 0.5
#define POLE_MASS_LENGTH (POLE_MASS * HALF_LENGTH)
#define FORCE 10.0
#define TIME_STEP 0.02
#define POSITION_LIMIT 2.4
#define ANGLE_LIMIT (24.0 * 3.141592653589793 / 360.0)
#define START 0.05

typedef struct {
  i32 rows, maxEpisodeSteps;
  u32 seedLow, seedHigh, purpose, firstEnv;
  i32 actions;                              /* i32 [rows]                                    */
  i32 state;                                /* double [4, rows]: position, velocity, angle, angular velocity */
  i32 steps, episodes;                      /* i32 [rows]: of the running one; begun so far  */
  i32 observations, finalObservations;      /* float [rows, 4]                               */
  i32 rewards;                              /* double [rows]                                 */
  i32 terminated, truncated;                /* u8 [rows]                                     */
} Batch;

INLINE void *at(const Batch *b, i32 place) { return (u8 *)b + (u32)place; }
INLINE v4 *column(const Batch *b, i32 k, i32 row) { return (v4 *)((double *)at(b, b->state) + k * b->rows + row); }

/* Sine and cosine within an eighth of a turn, where an episode ends long before: base/math/elementary.ts. */
INLINE v4 sine(v4 r) {
  v4 z = r * r, w = z * z;
  v4 low = 1.0 / 6 - z * (1.0 / 120) + w * (1.0 / 5040 - z * (1.0 / 362880));
  v4 high = 1.0 / 39916800 - z * (1.0 / 6227020800) + w * (1.0 / 1307674368000 - z * (1.0 / 355687428096000));
  return r - r * z * (low + w * w * high);
}
INLINE v4 cosine(v4 r) {
  v4 z = r * r, w = z * z;
  v4 low = 1.0 / 2 - z * (1.0 / 24) + w * (1.0 / 720 - z * (1.0 / 40320));
  v4 high = 1.0 / 3628800 - z * (1.0 / 479001600) + w * (1.0 / 87178291200 - z * (1.0 / 20922789888000));
  return 1.0 - z * (low + w * w * high);
}

INLINE m4 beyond(v4 x, double limit) { return (x > limit) | (x < -limit); }

/* One explicit Euler step of rows i .. i+3; which of them are over. */
INLINE m4 advance(const Batch *b, i32 i) {
  const i32 *action = (i32 *)at(b, b->actions) + i;
  v4 x = *column(b, 0, i), velocity = *column(b, 1, i), angle = *column(b, 2, i), spin = *column(b, 3, i), force;
  for (i32 k = 0; k < LANES; k++) force[k] = action[k] == 1 ? FORCE : -FORCE;
  v4 sin = sine(angle), cos = cosine(angle);
  v4 thrust = (force + POLE_MASS_LENGTH * (spin * spin) * sin) / TOTAL_MASS;
  v4 turning = (GRAVITY * sin - cos * thrust) / (HALF_LENGTH * (4.0 / 3 - (POLE_MASS * (cos * cos)) / TOTAL_MASS));
  v4 acceleration = thrust - (POLE_MASS_LENGTH * turning * cos) / TOTAL_MASS;
  *column(b, 0, i) = x += TIME_STEP * velocity;
  *column(b, 1, i) = velocity + TIME_STEP * acceleration;
  *column(b, 2, i) = angle += TIME_STEP * spin;
  *column(b, 3, i) = spin + TIME_STEP * turning;
  return beyond(x, POSITION_LIMIT) | beyond(angle, ANGLE_LIMIT);
}

INLINE void observe(const Batch *b, i32 row) {
  v4 state;
  for (i32 k = 0; k < 4; k++) state[k] = ((double *)column(b, k, row))[0];
  ((f4 *)at(b, b->observations))[row] = __builtin_convertvector(state, f4);
}

/* Begins the row's next episode. */
static void begin(const Batch *b, i32 row) {
  i32 *episode = (i32 *)at(b, b->episodes) + row;
  Words draws = philox(0, (u32)*episode, b->firstEnv + (u32)row, b->purpose, b->seedLow, b->seedHigh);
  for (i32 k = 0; k < 4; k++)
    *(double *)column(b, k, row) = -START + 2 * START * ((double)draws.word[k] * 2.3283064365386963e-10);
  observe(b, row);
  ((i32 *)at(b, b->steps))[row] = 0;
  ++*episode;
}

EXPORT void reset(const Batch *b) {
  for (i32 row = 0; row < b->rows; row++) begin(b, row);
}

/* Writes the observations of states that were set from outside. */
EXPORT void observeAll(const Batch *b) {
  for (i32 row = 0; row < b->rows; row++) observe(b, row);
}

/* A step of every row: flags; a row with a flag keeps its last observation apart and begins anew. */
EXPORT void step(const Batch *b) {
  f4 *observations = at(b, b->observations), *finalObservations = at(b, b->finalObservations);
  i32 *steps = at(b, b->steps);
  u8 *terminated = at(b, b->terminated), *truncated = at(b, b->truncated);
  double *rewards = at(b, b->rewards);
  for (i32 i = 0; i < b->rows; i += LANES) {
    m4 over = advance(b, i);
    for (i32 row = i; row < i + LANES; row++) {
      observe(b, row);
      rewards[row] = 1.0;
      terminated[row] = (u8)(over[row - i] & 1);
      truncated[row] = ++steps[row] >= b->maxEpisodeSteps;
      if (!(terminated[row] | truncated[row])) continue;
      finalObservations[row] = observations[row];
      begin(b, row);
    }
  }
}
