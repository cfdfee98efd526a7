/**
 * Acrobot-v1 as Gymnasium 1.4 computes it: two rods of length 1 m and mass 1 kg, hanging; the joint between them is
 * driven. State: angle of the first rod (rad, 0 hangs down), angle of the second to the first, their velocities.
 * Equations of motion: Sutton and Barto, Reinforcement Learning (1998), 11.3 ("book" form of Gymnasium).
 */
import { cos, sin } from '../base/math/elementary.ts'
import type { Dynamics } from './dynamics.ts'
import { box } from './spaces.ts'

const TIME_STEP = 0.2
const MAX_SPEED_1 = 4 * Math.PI
const MAX_SPEED_2 = 9 * Math.PI
const START = 0.1

/** Acrobot-v1: actions 0, 1, 2 are torques -1, 0, 1 N m; the reward is -1 until the tip is above the line. */
export const acrobot: Dynamics = {
  id: 'Acrobot-v1',
  observationSpace: box([-1, -1, -1, -1, -MAX_SPEED_1, -MAX_SPEED_2], [1, 1, 1, 1, MAX_SPEED_1, MAX_SPEED_2]),
  actionSpace: { type: 'discrete', n: 3 },
  stateSize: 4,
  maxEpisodeSteps: 500,
  rewardThreshold: -100,

  draw(uniform, state, row) {
    for (let k = 4 * row; k < 4 * row + 4; k++) state[k] = Math.fround(-START + 2 * START * uniform())
  },

  observe(state, row, observations) {
    const [from, to] = [4 * row, 6 * row]
    observations[to] = cos(state[from])
    observations[to + 1] = sin(state[from])
    observations[to + 2] = cos(state[from + 1])
    observations[to + 3] = sin(state[from + 1])
    observations[to + 4] = state[from + 2]
    observations[to + 5] = state[from + 3]
  },

  advance(state, n, actions, rewards, terminated) {
    for (let i = 0; i < n; i++) {
      swing(state, 4 * i, actions[i] - 1)
      const isAbove = -cos(state[4 * i]) - cos(state[4 * i] + state[4 * i + 1]) > 1
      rewards[i] = isAbove ? 0 : -1
      terminated[i] = isAbove ? 1 : 0
    }
  },
}

/** Accelerations of the two joints, written by `accelerate`. */
let acceleration1 = 0
let acceleration2 = 0

/** One Runge-Kutta step of fourth order with the torque held. */
function swing(state: Float64Array, at: number, torque: number): void {
  const half = TIME_STEP / 2
  const [a, b, v, w] = [state[at], state[at + 1], state[at + 2], state[at + 3]]
  accelerate(a, b, v, w, torque)
  const [dv1, dw1] = [acceleration1, acceleration2]
  const [v2, w2] = [v + half * dv1, w + half * dw1]
  accelerate(a + half * v, b + half * w, v2, w2, torque)
  const [dv2, dw2] = [acceleration1, acceleration2]
  const [v3, w3] = [v + half * dv2, w + half * dw2]
  accelerate(a + half * v2, b + half * w2, v3, w3, torque)
  const [dv3, dw3] = [acceleration1, acceleration2]
  const [v4, w4] = [v + TIME_STEP * dv3, w + TIME_STEP * dw3]
  accelerate(a + TIME_STEP * v3, b + TIME_STEP * w3, v4, w4, torque)
  const sixth = TIME_STEP / 6
  state[at] = wrapped(a + sixth * (v + 2 * v2 + 2 * v3 + v4))
  state[at + 1] = wrapped(b + sixth * (w + 2 * w2 + 2 * w3 + w4))
  state[at + 2] = bounded(v + sixth * (dv1 + 2 * dv2 + 2 * dv3 + acceleration1), MAX_SPEED_1)
  state[at + 3] = bounded(w + sixth * (dw1 + 2 * dw2 + 2 * dw3 + acceleration2), MAX_SPEED_2)
}

/** With centres of mass at 0.5 m, moments of inertia 1 kg m^2, gravity 9.8 m/s^2. */
function accelerate(a: number, b: number, v: number, w: number, torque: number): void {
  const [sine, cosine] = [sin(b), cos(b)]
  const d1 = 3.5 + cosine
  const d2 = 1.25 + 0.5 * cosine
  const gravity2 = 4.9 * sin(a + b)
  const all1 = -0.5 * (w * w) * sine - w * v * sine + 14.7 * sin(a) + gravity2
  acceleration2 = (torque + (d2 / d1) * all1 - 0.5 * (v * v) * sine - gravity2) / (1.25 - (d2 * d2) / d1)
  acceleration1 = -(d2 * acceleration2 + all1) / d1
}

/** The same angle in -pi .. pi, by Gymnasium's repeated turns. */
function wrapped(angle: number): number {
  while (angle > Math.PI) angle -= 2 * Math.PI
  while (angle < -Math.PI) angle += 2 * Math.PI
  return angle
}

function bounded(value: number, limit: number): number {
  return Math.min(Math.max(value, -limit), limit)
}
