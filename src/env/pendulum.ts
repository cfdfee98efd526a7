/**
 * Pendulum-v1 as Gymnasium 1.4 computes it. State: angle (rad, 0 is upright, never wrapped) and angular velocity
 * (rad/s), float64. The torque is float32 because actions are, and so are the terms made of it alone.
 */
import { BLOCK, sinCos } from '../base/math/angles.ts'
import type { Dynamics } from './dynamics.ts'
import { box } from './spaces.ts'

const MAX_SPEED = 8
const MAX_TORQUE = 2
const TIME_STEP = 0.05
const GRAVITY_TERM = 15 // 3 g / (2 l), with g = 10 m/s^2, l = 1 m
const TORQUE_TERM = 3 // 3 / (m l^2), with m = 1 kg
const EFFORT = Math.fround(0.001)
const TWO_PI = 2 * Math.PI

/** Pendulum-v1: the action is a torque (N m) in -2 .. 2; the reward is 0 at rest upright and negative elsewhere. */
export const pendulum: Dynamics = {
  id: 'Pendulum-v1',
  observationSpace: box([-1, -1, -MAX_SPEED], [1, 1, MAX_SPEED]),
  actionSpace: box([-MAX_TORQUE], [MAX_TORQUE]),
  stateSize: 2,
  maxEpisodeSteps: 200,
  rewardThreshold: null,

  numDraws: 2,

  start(draws, state, row) {
    state[2 * row] = -Math.PI + TWO_PI * draws[0]
    state[2 * row + 1] = -1 + 2 * draws[1]
  },

  observe(state, first, last, observations) {
    sinCosOfAngles(state, first, last)
    for (let i = first; i < last; i++) {
      observations[3 * i] = cosines[i - first]
      observations[3 * i + 1] = sines[i - first]
      observations[3 * i + 2] = state[2 * i + 1]
    }
  },

  advance(state, first, last, actions, rewards, terminated) {
    sinCosOfAngles(state, first, last)
    for (let i = first; i < last; i++) {
      const torque = bounded(actions[i], MAX_TORQUE)
      rewards[i] = -costOf(state[2 * i], state[2 * i + 1], torque)
      turn(state, 2 * i, torque, sines[i - first])
      terminated[i] = 0
    }
  },
}

const angles = new Float64Array(BLOCK)
const sines = new Float64Array(BLOCK)
const cosines = new Float64Array(BLOCK)

function sinCosOfAngles(state: Float64Array, first: number, last: number): void {
  for (let i = first; i < last; i++) angles[i - first] = state[2 * i]
  sinCos(angles, last - first, sines, cosines)
}

/** Of being in a state and of the torque applied there. */
function costOf(angle: number, speed: number, torque: number): number {
  const lean = wrapped(angle)
  const effort = Math.fround(EFFORT * Math.fround(torque * torque))
  return lean * lean + 0.1 * (speed * speed) + effort
}

/** One semi-implicit Euler step: the angle moves with the new velocity. */
function turn(state: Float64Array, at: number, torque: number, sine: number): void {
  const acceleration = GRAVITY_TERM * sine + Math.fround(TORQUE_TERM * torque)
  const speed = bounded(state[at + 1] + acceleration * TIME_STEP, MAX_SPEED)
  state[at] += speed * TIME_STEP
  state[at + 1] = speed
}

/** The same angle in -pi .. pi. */
function wrapped(angle: number): number {
  const turned = (angle + Math.PI) % TWO_PI
  return (turned < 0 ? turned + TWO_PI : turned) - Math.PI
}

function bounded(value: number, limit: number): number {
  return Math.min(Math.max(value, -limit), limit)
}
