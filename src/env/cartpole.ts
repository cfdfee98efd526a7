/**
 * CartPole-v1 as Gymnasium 1.4 computes it. State: position (m), velocity (m/s), angle (rad), angular velocity
 * (rad/s), all float64; the order of operations is Gymnasium's, so that the last bits agree.
 */
import { cos, sin } from '../base/math/elementary.ts'
import type { Dynamics } from './dynamics.ts'

const GRAVITY = 9.8
const POLE_MASS = 0.1
const TOTAL_MASS = 0.1 + 1.0
const HALF_LENGTH = 0.5
const POLE_MASS_LENGTH = POLE_MASS * HALF_LENGTH
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

  draw(uniform, state, row) {
    for (let k = 4 * row; k < 4 * row + 4; k++) state[k] = -START + 2 * START * uniform()
  },

  observe(state, row, observations) {
    for (let k = 4 * row; k < 4 * row + 4; k++) observations[k] = state[k]
  },

  advance(state, n, actions, rewards, terminated) {
    for (let i = 0; i < n; i++) {
      push(state, 4 * i, actions[i] === 1 ? FORCE : -FORCE)
      rewards[i] = 1
      terminated[i] = isOver(state, 4 * i) ? 1 : 0
    }
  },
}

/** One explicit Euler step: positions move with the old velocities. */
function push(state: Float64Array, at: number, force: number): void {
  const velocity = state[at + 1]
  const angle = state[at + 2]
  const spin = state[at + 3]
  const sine = sin(angle)
  const cosine = cos(angle)
  const thrust = (force + POLE_MASS_LENGTH * (spin * spin) * sine) / TOTAL_MASS
  const angularAcceleration =
    (GRAVITY * sine - cosine * thrust) /
    (HALF_LENGTH * (4 / 3 - (POLE_MASS * (cosine * cosine)) / TOTAL_MASS))
  const acceleration = thrust - (POLE_MASS_LENGTH * angularAcceleration * cosine) / TOTAL_MASS
  state[at] += TIME_STEP * velocity
  state[at + 1] += TIME_STEP * acceleration
  state[at + 2] += TIME_STEP * spin
  state[at + 3] += TIME_STEP * angularAcceleration
}

function isOver(state: Float64Array, at: number): boolean {
  return Math.abs(state[at]) > POSITION_LIMIT || Math.abs(state[at + 2]) > ANGLE_LIMIT
}
