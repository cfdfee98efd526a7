import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PporunError } from '../../src/base/errors.ts'
import { Purpose, uniform, uniforms } from '../../src/base/math/streams.ts'
import { DynamicsBatch } from '../../src/env/batch.ts'
import { cartPole } from '../../src/env/cartpole.ts'
import type { Dynamics } from '../../src/env/dynamics.ts'
import { pendulum } from '../../src/env/pendulum.ts'
import { environmentIds, kindOf } from '../../src/env/registry.ts'
import { makeEnv } from '../../src/env/single.ts'
import type { ActionSpace, Actions } from '../../src/env/spaces.ts'

const SEED = 7

function batchOf(numEnvs: number, firstEnv: number, dynamics: Dynamics = cartPole): DynamicsBatch {
  const batch = new DynamicsBatch(dynamics, numEnvs, { seed: SEED, purpose: Purpose.reset, firstEnv })
  batch.reset()
  return batch
}

/** Actions of one step, a function of (global environment id, step); those of a box lie outside it too. */
function actionsAt(
  step: number,
  numEnvs: number,
  firstEnv: number,
  { actionSpace }: { actionSpace: ActionSpace } = cartPole,
): Actions {
  const size = actionSpace.type === 'box' ? actionSpace.low.length : 1
  const draws = Float64Array.from({ length: numEnvs * size }, (_, i) =>
    uniform(SEED, Purpose.action, firstEnv + Math.floor(i / size), step, i % size),
  )
  if (actionSpace.type === 'discrete') return Int32Array.from(draws, draw => Math.floor(actionSpace.n * draw))
  return Float32Array.from(draws, (draw, i) => 3 * (draw - 0.5) * actionSpace.high[i % size])
}

/** Everything that a step says about the rows, one list per row; `finalObservations` where it is valid. */
function rowsOf(batch: DynamicsBatch): number[][] {
  return Array.from({ length: batch.numEnvs }, (_, i) => {
    const isDone = batch.terminated[i] || batch.truncated[i]
    const size = batch.observations.length / batch.numEnvs
    const final = isDone ? batch.finalObservations.subarray(size * i, size * (i + 1)) : []
    const observation = batch.observations.subarray(size * i, size * (i + 1))
    return [...observation, batch.rewards[i], batch.terminated[i], batch.truncated[i], ...final]
  })
}

/** Rows of `steps` steps from step number `from` on. */
function play(batch: DynamicsBatch, firstEnv: number, from: number, steps: number): number[][][] {
  return Array.from({ length: steps }, (_, i) => {
    batch.step(actionsAt(from + i, batch.numEnvs, firstEnv, batch))
    return rowsOf(batch)
  })
}

/** The last step of every episode is terminal, also at a time limit of 5: both flags on step 5. */
const impatient: Dynamics = {
  ...cartPole,
  maxEpisodeSteps: 5,
  advance(state, first, last, actions, rewards, terminated) {
    cartPole.advance(state, first, last, actions, rewards, terminated)
    if (actions[0] === 1) terminated[0] = 1
  },
}

for (const id of environmentIds()) {
  test(`${id}: a row is the same in any division of the environments`, () => {
    const dynamics = { ...(kindOf(id) as Dynamics), maxEpisodeSteps: 90 }
    const whole = play(batchOf(7, 0, dynamics), 0, 0, 200)
    for (const cuts of [
      [0, 7],
      [0, 3, 7],
      [0, 1, 2, 6, 7],
    ]) {
      const parts = cuts
        .slice(1)
        .map((end, i) => play(batchOf(end - cuts[i], cuts[i], dynamics), cuts[i], 0, 200))
      const joined = whole.map((_, step) => parts.flatMap(part => part[step]))
      assert.deepEqual(joined, whole)
    }
  })
}

test('rows beyond the first block are like those of it', () => {
  const [many, few] = [batchOf(600, 0, pendulum), batchOf(10, 590, pendulum)]
  const [all, last] = [play(many, 0, 0, 3), play(few, 590, 0, 3)]
  assert.deepEqual(
    all.map(rows => rows.slice(590)),
    last,
  )
})

test('actions outside a box are clipped, and the caller’s stay as they are', () => {
  const [batch, inside] = [batchOf(3, 0, pendulum), batchOf(3, 0, pendulum)]
  const actions = Float32Array.of(-2.5, 0.25, 9)
  batch.step(actions)
  inside.step(Float32Array.of(-2, 0.25, 2))
  assert.deepEqual([...actions], [-2.5, 0.25, 9])
  assert.deepEqual(rowsOf(batch), rowsOf(inside))
})

test('a step that ends an episode returns the next one’s start and keeps the final observation apart', () => {
  const batch = batchOf(1, 3)
  const env = makeEnv('CartPole-v1')
  env.reset({ seed: 0 })
  let episode = 0
  const start = () => {
    const draws = new Float64Array(4)
    uniforms(draws, SEED, Purpose.reset, 3, episode)
    return draws.map(draw => -0.05 + 0.1 * draw)
  }
  env.state = start()
  assert.deepEqual(batch.observations, Float32Array.from(env.state))
  for (let step = 0; episode < 4; step++) {
    const actions = actionsAt(step, 1, 3)
    batch.step(actions)
    const single = env.step(actions[0])
    assert.equal(batch.terminated[0], single.terminated ? 1 : 0)
    assert.equal(batch.rewards[0], 1)
    if (single.terminated) {
      assert.deepEqual(batch.finalObservations, single.observation)
      episode++
      env.reset({ seed: 0 })
      env.state = start()
    }
    assert.deepEqual(batch.observations, Float32Array.from(env.state))
  }
})

test('the time limit truncates, leaves terminated alone and counts from zero again', () => {
  const batch = batchOf(2, 0, impatient)
  const flags = Array.from({ length: 10 }, (_, i) => {
    batch.step(Int32Array.of(i === 9 ? 1 : 0, i % 2))
    return [...batch.truncated, ...batch.terminated].join('')
  })
  const quiet = ['0000', '0000', '0000', '0000']
  assert.deepEqual(flags, [...quiet, '1100', ...quiet, '1110'])
})

test('a saved batch continues with equal bits, also in another division', () => {
  const batch = batchOf(6, 0)
  play(batch, 0, 0, 50)
  const saved = batch.save()
  const observations = batch.observations.slice()
  const expected = play(batch, 0, 50, 100)

  const restored = batchOf(6, 0)
  restored.load(saved)
  assert.deepEqual(restored.observations, observations)
  assert.deepEqual(play(restored, 0, 50, 100), expected)
  assert.deepEqual(restored.save(), batch.save())

  const rowBytes = saved.length / 6
  const tail = batchOf(4, 2)
  tail.load(saved.subarray(2 * rowBytes)) // no copy: any offset must do
  assert.deepEqual(
    play(tail, 2, 50, 100),
    expected.map(rows => rows.slice(2)),
  )
})

test('load refuses a state of another size', () => {
  const batch = batchOf(2, 0)
  assert.throws(
    () => batch.load(new Uint8Array(95)),
    (error: unknown) =>
      error instanceof PporunError &&
      error.message === 'the saved state of 2 CartPole-v1 environments has 96 bytes, not 95',
  )
})
