/**
 * CartPole-v1 as Gymnasium 1.4 computes it. State: position (m), velocity (m/s), angle (rad), angular velocity
 * (rad/s), all float64; the order of operations is Gymnasium's, so that the last bits agree.
 */
import { BLOCK, sinCos } from '../base/math/angles.ts'
import type { Dynamics } from './dynamics.ts'

const GRAVITY = 9.8
const POLE_MASS = 0.1
const TOTAL_MASS = 0.1 + 1.0
const HALF_LENGTH = 0.5
const FORCE = 10
const TIME_STEP = 0.02
const POSITION_LIMIT = 2.4
const ANGLE_LIMIT = (24 * Math.PI) / 360 // 12 degrees, in Gymnasium's rounding
const START = 0.05

/** CartPole-v1: actions 0 and 1 push left and right; reward 1 per step. */
export const cartPole: Dynamics = {
  id: 'CartPole-v1',
  observationSpace: {
    type: 'box',
    shape: [4],
    low: Float32Array.of(-2 * POSITION_LIMIT, -Infinity, -2 * ANGLE_LIMIT, -Infinity),
    high: Float32Array.of(2 * POSITION_LIMIT, Infinity, 2 * ANGLE_LIMIT, Infinity),
  },
  actionSpace: { type: 'discrete', n: 2 },
  stateSize: 4,
  maxEpisodeSteps: 500,
  rewardThreshold: 475,
  rewardBeyondEnd: 0,

  numDraws: 4,

  start(draws, state, row) {
    for (let k = 0; k < 4; k++) state[4 * row + k] = -START + 2 * START * draws[k]
  },

  observe(state, first, last, observations) {
    for (let k = 4 * first; k < 4 * last; k++) observations[k] = state[k]
  },

  advance: advanceWith(HALF_LENGTH),
}

/** CartPole with a pole of another length: half of it, in m, as Gymnasium counts. */
export function cartPoleOf(id: string, halfLength: number): Dynamics {
  return { ...cartPole, id, advance: advanceWith(halfLength) }
}

function advanceWith(halfLength: number): Dynamics['advance'] {
  return (state, first, last, actions, rewards, terminated) => {
    for (let i = first; i < last; i++) angles[i - first] = state[4 * i + 2]
    sinCos(angles, last - first, sines, cosines)
    for (let i = first; i < last; i++) {
      push(state, 4 * i, halfLength, actions[i] === 1 ? FORCE : -FORCE, sines[i - first], cosines[i - first])
      rewards[i] = 1
      terminated[i] = isOver(state, 4 * i) ? 1 : 0
    }
  }
}

const angles = new Float64Array(BLOCK)
const sines = new Float64Array(BLOCK)
const cosines = new Float64Array(BLOCK)

/** One explicit Euler step: positions move with the old velocities. */
function push(
  state: Float64Array,
  at: number,
  halfLength: number,
  force: number,
  sine: number,
  cosine: number,
): void {
  const massLength = POLE_MASS * halfLength
  const velocity = state[at + 1]
  const spin = state[at + 3]
  const thrust = (force + massLength * (spin * spin) * sine) / TOTAL_MASS
  const angularAcceleration =
    (GRAVITY * sine - cosine * thrust) / (halfLength * (4 / 3 - (POLE_MASS * (cosine * cosine)) / TOTAL_MASS))
  const acceleration = thrust - (massLength * angularAcceleration * cosine) / TOTAL_MASS
  state[at] += TIME_STEP * velocity
  state[at + 1] += TIME_STEP * acceleration
  state[at + 2] += TIME_STEP * spin
  state[at + 3] += TIME_STEP * angularAcceleration
}

function isOver(state: Float64Array, at: number): boolean {
  return Math.abs(state[at]) > POSITION_LIMIT || Math.abs(state[at + 2]) > ANGLE_LIMIT
}
