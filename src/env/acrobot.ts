/**
 * Acrobot-v1 as Gymnasium 1.4 computes it: two rods of length 1 m and mass 1 kg, hanging; the joint between them is
 * driven. State: angle of the first rod (rad, 0 hangs down), angle of the second to the first, their velocities.
 * Equations of motion: Sutton and Barto, Reinforcement Learning (1998), 11.3 ("book" in Gymnasium).
 */
import { BLOCK, sinCos } from '../base/math/angles.ts'
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

  numDraws: 4,

  start(draws, state, row) {
    for (let k = 0; k < 4; k++) state[4 * row + k] = Math.fround(-START + 2 * START * draws[k])
  },

  observe(state, first, last, observations) {
    const n = last - first
    lookAt(state, 4 * first, n)
    for (let i = 0; i < n; i++) {
      const [from, to] = [4 * (first + i), 6 * (first + i)]
      observations[to] = cosines1[i]
      observations[to + 1] = sines1[i]
      observations[to + 2] = cosines2[i]
      observations[to + 3] = sines2[i]
      observations[to + 4] = state[from + 2]
      observations[to + 5] = state[from + 3]
    }
  },

  advance(state, first, last, actions, rewards, terminated) {
    const n = last - first
    for (let i = 0; i < n; i++) torques[i] = actions[first + i] - 1
    swing(state, 4 * first, n)
    lookAt(state, 4 * first, n)
    for (let i = 0; i < n; i++) {
      const height = -cosines1[i] - (cosines1[i] * cosines2[i] - sines1[i] * sines2[i])
      rewards[first + i] = height > 1 ? 0 : -1
      terminated[first + i] = height > 1 ? 1 : 0
    }
  },
}

// Of the rows of a block.
const torques = new Float64Array(BLOCK)
const points = new Float64Array(4 * BLOCK) // [n, 4], where the slope is taken
const slopes = new Float64Array(4 * BLOCK) // [n, 4]
const sums = new Float64Array(4 * BLOCK) // [n, 4], of slopes
const angles1 = new Float64Array(BLOCK)
const angles2 = new Float64Array(BLOCK)
const sines1 = new Float64Array(BLOCK)
const cosines1 = new Float64Array(BLOCK)
const sines2 = new Float64Array(BLOCK)
const cosines2 = new Float64Array(BLOCK)

/** One Runge-Kutta step of fourth order with the torque held: slopes weighted 1, 2, 2, 1. */
function swing(state: Float64Array, at: number, n: number): void {
  for (let k = 0; k < 4 * n; k++) points[k] = state[at + k]
  sums.fill(0, 0, 4 * n)
  addSlopes(n, 1)
  stepTo(TIME_STEP / 2, state, at, n)
  addSlopes(n, 2)
  stepTo(TIME_STEP / 2, state, at, n)
  addSlopes(n, 2)
  stepTo(TIME_STEP, state, at, n)
  addSlopes(n, 1)
  for (let k = 0; k < 4 * n; k += 4) {
    state[at + k] = wrapped(state[at + k] + (TIME_STEP / 6) * sums[k])
    state[at + k + 1] = wrapped(state[at + k + 1] + (TIME_STEP / 6) * sums[k + 1])
    state[at + k + 2] = bounded(state[at + k + 2] + (TIME_STEP / 6) * sums[k + 2], MAX_SPEED_1)
    state[at + k + 3] = bounded(state[at + k + 3] + (TIME_STEP / 6) * sums[k + 3], MAX_SPEED_2)
  }
}

/** Points are where the last slopes lead in this time. */
function stepTo(time: number, state: Float64Array, at: number, n: number): void {
  for (let k = 0; k < 4 * n; k++) points[k] = state[at + k] + time * slopes[k]
}

/** Slopes at the points, added to the sums. */
function addSlopes(n: number, weight: number): void {
  lookAt(points, 0, n)
  for (let i = 0; i < n; i++) accelerate(i)
  for (let k = 0; k < 4 * n; k++) sums[k] += weight * slopes[k]
}

/** Sines and cosines of both angles of n rows. */
function lookAt(rows: Float64Array, at: number, n: number): void {
  for (let i = 0; i < n; i++) {
    angles1[i] = rows[at + 4 * i]
    angles2[i] = rows[at + 4 * i + 1]
  }
  sinCos(angles1, n, sines1, cosines1)
  sinCos(angles2, n, sines2, cosines2)
}

/** The equations of motion, with centres of mass at 0.5 m, moments of inertia 1 kg m^2, gravity 9.8 m/s^2. */
function accelerate(i: number): void {
  const speed1 = points[4 * i + 2]
  const speed2 = points[4 * i + 3]
  const sine = sines2[i]
  const cosine = cosines2[i]
  const d1 = 3.5 + cosine
  const d2 = 1.25 + 0.5 * cosine
  const pull2 = 4.9 * (sines1[i] * cosine + cosines1[i] * sine)
  const pull1 = 14.7 * sines1[i] + pull2 - 0.5 * (speed2 * speed2) * sine - speed2 * speed1 * sine
  const acceleration2 =
    (torques[i] + (d2 / d1) * pull1 - 0.5 * (speed1 * speed1) * sine - pull2) / (1.25 - (d2 * d2) / d1)
  slopes[4 * i] = speed1
  slopes[4 * i + 1] = speed2
  slopes[4 * i + 2] = -(d2 * acceleration2 + pull1) / d1
  slopes[4 * i + 3] = acceleration2
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
