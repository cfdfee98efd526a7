/**
 * Pendulum-v1 as Gymnasium 1.4 computes it. State: angle (rad, 0 is upright, never wrapped) and angular velocity
 * (rad/s), float64. The torque is float32 because actions are, and so are the terms made of it alone.
 */
import { cos, sin } from '../base/math/elementary.ts'
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

  draw(uniform, state, row) {
    state[2 * row] = -Math.PI + TWO_PI * uniform()
    state[2 * row + 1] = -1 + 2 * uniform()
  },

  observe(state, row, observations) {
    const angle = state[2 * row]
    observations[3 * row] = cos(angle)
    observations[3 * row + 1] = sin(angle)
    observations[3 * row + 2] = state[2 * row + 1]
  },

  advance(state, n, actions, rewards, terminated) {
    for (let i = 0; i < n; i++) {
      const angle = state[2 * i]
      const speed = state[2 * i + 1]
      const torque = Math.max(-MAX_TORQUE, Math.min(MAX_TORQUE, actions[i]))
      const effort = Math.fround(EFFORT * Math.fround(torque * torque))
      const lean = wrapped(angle)
      rewards[i] = -(lean * lean + 0.1 * (speed * speed) + effort)
      const acceleration = GRAVITY_TERM * sin(angle) + Math.fround(TORQUE_TERM * torque)
      const next = Math.max(-MAX_SPEED, Math.min(MAX_SPEED, speed + acceleration * TIME_STEP))
      state[2 * i] = angle + next * TIME_STEP
      state[2 * i + 1] = next
      terminated[i] = 0
    }
  },
}

/** The same angle in -pi .. pi. */
function wrapped(angle: number): number {
  const turned = (angle + Math.PI) % TWO_PI
  return (turned < 0 ? turned + TWO_PI : turned) - Math.PI
}
