/**
 * MountainCar-v0 as Gymnasium 1.4 computes it (Moore 1990): a car in a valley, too weak to climb out straight. State:
 * position and velocity, float64.
 */
import { cos } from '../base/math/elementary.ts'
import type { Dynamics } from './dynamics.ts'
import { box } from './spaces.ts'

export const LEFT = -1.2
export const RIGHT = 0.6
const GOAL = 0.5
export const MAX_SPEED = 0.07
const FORCE = 0.001
export const GRAVITY = 0.0025

/** What both tasks of the car have alike. */
export const car: Pick<Dynamics, 'observationSpace' | 'stateSize' | 'numDraws' | 'start' | 'observe'> = {
  observationSpace: box([LEFT, -MAX_SPEED], [RIGHT, MAX_SPEED]),
  stateSize: 2,
  numDraws: 1,

  start(draws, state, row) {
    state[2 * row] = -0.6 + (-0.4 - -0.6) * draws[0]
    state[2 * row + 1] = 0
  },

  observe(state, first, last, observations) {
    for (let k = 2 * first; k < 2 * last; k++) observations[k] = state[k]
  },
}

/** MountainCar-v0: actions 0, 1, 2 push left, not at all, right; the reward is -1 per step. */
export const mountainCar: Dynamics = {
  ...car,
  id: 'MountainCar-v0',
  actionSpace: { type: 'discrete', n: 3 },
  maxEpisodeSteps: 200,
  rewardThreshold: -110,

  advance(state, first, last, actions, rewards, terminated) {
    for (let i = first; i < last; i++) {
      const pull = (actions[i] - 1) * FORCE - cos(3 * state[2 * i]) * GRAVITY
      const velocity = Math.min(Math.max(state[2 * i + 1] + pull, -MAX_SPEED), MAX_SPEED)
      const position = Math.min(Math.max(state[2 * i] + velocity, LEFT), RIGHT)
      state[2 * i] = position
      state[2 * i + 1] = position === LEFT && velocity < 0 ? 0 : velocity
      rewards[i] = -1
      terminated[i] = position >= GOAL && velocity >= 0 ? 1 : 0
    }
  },
}
