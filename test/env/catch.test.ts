import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeEnv } from '../../src/env/single.ts'

/** Column of the lit pixel of a frame in the rows from `top` on, and its row; the paddle's is the last row. */
function pixelOf(observation: Float32Array, frame: number, rows: [number, number]): [number, number] | null {
  for (let y = rows[0]; y < rows[1]; y++)
    for (let x = 0; x < 10; x++) if (observation[2 * (10 * y + x) + frame] === 1) return [x, y]
  return null
}

/** Plays by what is to be seen in the pixels alone. */
function play(seed: number, decide: (observation: Float32Array) => number): number {
  const env = makeEnv('Catch-v0')
  let { observation } = env.reset({ seed })
  for (let total = 0; ; ) {
    const result = env.step(decide(observation))
    total += result.reward
    observation = result.observation
    if (result.terminated) return total
    assert.ok(!result.truncated)
  }
}

test('who follows the ball with both frames catches nearly all, who stands still a third', () => {
  const follow = (observation: Float32Array) => {
    const ball = pixelOf(observation, 0, [0, 9])
    const before = pixelOf(observation, 1, [0, 10])
    const paddle = pixelOf(observation, 0, [9, 10])
    if (!ball || !paddle) return 1
    let [x, y] = ball
    for (let drift = before ? x - before[0] : 0; y < 9; y++) {
      if (x + drift < 0 || x + drift > 9) drift = -drift
      x += drift
    }
    return 1 + Math.sign(x - (paddle[0] + 1)) // its first pixel is left of its middle
  }
  const mean = (decide: (observation: Float32Array) => number) =>
    Array.from({ length: 100 }, (_, seed) => play(seed, decide)).reduce((sum, x) => sum + x) / 100
  assert.ok(mean(follow) > 4.5, `${mean(follow)}`)
  assert.ok(mean(() => 1) < -1, `${mean(() => 1)}`)
})

test('two frames show ball and paddle, and the ball before', () => {
  const env = makeEnv('Catch-v0')
  const { observation } = env.reset({ seed: 3 })
  assert.deepEqual(env.observationSpace.shape, [10, 10, 2])
  assert.equal(pixelOf(observation, 1, [0, 10]), null, 'nothing was before')
  const first = pixelOf(observation, 0, [0, 9])
  assert.equal(first?.[1], 0)
  const second = env.step(1).observation
  assert.deepEqual(pixelOf(second, 1, [0, 10]), first)
  assert.equal(pixelOf(second, 0, [0, 9])?.[1], 1)
})
