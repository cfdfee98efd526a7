/**
 * MountainCarContinuous-v0 as Gymnasium 1.4 computes it. State: position and velocity, drawn in float64 and float32
 * from the first step on. Gymnasium's arithmetic follows its numbers' types (numpy's NEP 50), and so does this.
 */
import { cos } from '../base/math/elementary.ts'
import type { Dynamics } from './dynamics.ts'
import { car, GRAVITY, LEFT, MAX_SPEED, RIGHT } from './mountaincar.ts'
import { box } from './spaces.ts'

const GOAL = 0.45
const POWER = 0.0015

/** MountainCarContinuous-v0: the action is a throttle in -1 .. 1; the reward is 100 at the goal, less the effort. */
export const mountainCarContinuous: Dynamics = {
  ...car,
  id: 'MountainCarContinuous-v0',
  actionSpace: box([-1], [1]),
  maxEpisodeSteps: 999,
  rewardThreshold: 90,

  advance(state, first, last, actions, rewards, terminated) {
    for (let i = first; i < last; i++) {
      terminated[i] = drive(state, 2 * i, actions[i]) ? 1 : 0
      rewards[i] = (terminated[i] ? 100 : 0) - 0.1 * (actions[i] * actions[i]) // effort of the unclipped action
    }
  },
}

/** One step. @returns whether the car is at the goal. */
function drive(state: Float64Array, at: number, throttle: number): boolean {
  // A state that was drawn is hardly ever a float32 (2^-29), one that was stepped always is.
  const isSingle = Math.fround(state[at]) === state[at] && Math.fround(state[at + 1]) === state[at + 1]
  const round = isSingle ? Math.fround : same
  const pull = GRAVITY * cos(round(3 * state[at]))
  const isInside = throttle >= -1 && throttle <= 1
  const change = isInside
    ? Math.fround(Math.fround(throttle * Math.fround(POWER)) - Math.fround(pull))
    : round((throttle < 0 ? -POWER : POWER) - pull)
  const maxSpeed = round(MAX_SPEED)
  const velocity = Math.min(Math.max(round(state[at + 1] + change), -maxSpeed), maxSpeed)
  const position = Math.min(Math.max(round(state[at] + velocity), round(LEFT)), round(RIGHT))
  const isAtWall = position === round(LEFT) && velocity < 0
  state[at] = Math.fround(position)
  state[at + 1] = isAtWall ? 0 : Math.fround(velocity)
  return position >= round(GOAL) && velocity >= 0
}

function same(x: number): number {
  return x
}
