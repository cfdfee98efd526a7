/**
 * Catch-v0: a task of pixels, after bsuite's Catch (Osband et al. 2020). A ball falls through a board of 10 x 10 and may
 * drift aslant, bouncing off the walls; a paddle of three pixels has to be where it lands. Five balls make an episode.
 *
 * Observations are two frames as channels, [10, 10, 2]: ball and paddle now; the ball one step before, without which
 * nobody knows where it drifts.
 */
import type { Dynamics } from './dynamics.ts'
import type { BoxSpace } from './spaces.ts'

const SIDE = 10
const BALLS = 5
const PIXELS = SIDE * SIDE * 2

/** Numbers of a row: the ball and where it was, the paddle's middle, which ball it is; then all balls' columns and drifts. */
const State = {
  x: 0,
  y: 1,
  drift: 2,
  oldX: 3,
  oldY: 4,
  paddle: 5,
  ball: 6,
  columns: 7,
  drifts: 7 + BALLS,
} as const
const STATE = 7 + 2 * BALLS

/** Actions 0, 1, 2 move left, not at all, right; the reward is 1 for a ball caught and -1 for one missed. */
export const catchBalls: Dynamics = {
  id: 'Catch-v0',
  observationSpace: pixels(),
  actionSpace: { type: 'discrete', n: 3 },
  stateSize: STATE,
  maxEpisodeSteps: BALLS * (SIDE - 1) + 1,
  rewardThreshold: 4.5,

  numDraws: 2 * BALLS + 1,

  start(draws, state, row) {
    const at = row * STATE
    for (let ball = 0; ball < BALLS; ball++) {
      state[at + State.columns + ball] = Math.floor(SIDE * draws[2 * ball])
      state[at + State.drifts + ball] = Math.floor(3 * draws[2 * ball + 1]) - 1
    }
    state[at + State.paddle] = 1 + Math.floor((SIDE - 2) * draws[2 * BALLS])
    drop(state, at, 0)
  },

  observe(state, first, last, observations) {
    observations.fill(0, first * PIXELS, last * PIXELS)
    for (let i = first; i < last; i++) {
      const at = i * STATE
      const light = (x: number, y: number, frame: number) => {
        if (y >= 0) observations[i * PIXELS + 2 * (SIDE * y + x) + frame] = 1
      }
      light(state[at + State.x], state[at + State.y], 0)
      for (let x = -1; x <= 1; x++) light(state[at + State.paddle] + x, SIDE - 1, 0)
      light(state[at + State.oldX], state[at + State.oldY], 1)
    }
  },

  advance(state, first, last, actions, rewards, terminated) {
    for (let i = first; i < last; i++) {
      const at = i * STATE
      state[at + State.paddle] = Math.min(Math.max(state[at + State.paddle] + actions[i] - 1, 1), SIDE - 2)
      fall(state, at)
      rewards[i] = 0
      terminated[i] = 0
      if (state[at + State.y] < SIDE - 1) continue
      rewards[i] = Math.abs(state[at + State.x] - state[at + State.paddle]) <= 1 ? 1 : -1
      const next = state[at + State.ball] + 1
      terminated[i] = next === BALLS ? 1 : 0
      if (next < BALLS) drop(state, at, next)
    }
  },
}

/** Puts a ball at the top; the frame before shows nothing of it. */
function drop(state: Float64Array, at: number, ball: number): void {
  state[at + State.ball] = ball
  state[at + State.x] = state[at + State.columns + ball]
  state[at + State.y] = 0
  state[at + State.drift] = state[at + State.drifts + ball]
  state[at + State.oldX] = 0
  state[at + State.oldY] = -1
}

function fall(state: Float64Array, at: number): void {
  state[at + State.oldX] = state[at + State.x]
  state[at + State.oldY] = state[at + State.y]
  const x = state[at + State.x] + state[at + State.drift]
  if (x !== inside(x)) state[at + State.drift] = -state[at + State.drift]
  state[at + State.x] += state[at + State.drift]
  state[at + State.y]++
}

const inside = (x: number): number => Math.min(Math.max(x, 0), SIDE - 1)

function pixels(): BoxSpace {
  const low = new Float32Array(PIXELS)
  return { type: 'box', shape: [SIDE, SIDE, 2], low, high: low.map(() => 1) }
}
