import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UsageError } from '../../src/base/errors.ts'
import { Purpose, uniform } from '../../src/base/math/streams.ts'
import type { Environment } from '../../src/env/environment.ts'
import { makeVectorEnv, registerEnv, specOf } from '../../src/env/registry.ts'
import { makeEnv } from '../../src/env/single.ts'
import { box } from '../../src/env/spaces.ts'
import type { VectorEnv } from '../../src/env/vectorenv.ts'
import { TimeLimit } from '../../src/env/wrappers.ts'
import { Path, Walk } from './walk.ts'

registerEnv('Walk-v0', () => new Walk())
registerEnv('Path-v0', () => new TimeLimit(new Path(), 20))

function batchOf(id: string, numEnvs: number, firstEnv: number): VectorEnv {
  const batch = makeVectorEnv(id, numEnvs, { seed: 3, firstEnv })
  batch.reset()
  return batch
}

/** Everything that steps from..to-1 say, row by row. */
function play(batch: VectorEnv, firstEnv: number, from: number, to: number): number[][][] {
  return Array.from({ length: to - from }, (_, t) => {
    const draw = (i: number) => uniform(1, Purpose.action, firstEnv + i, from + t, 0)
    batch.step(Int32Array.from({ length: batch.numEnvs }, (_, i) => (draw(i) < 0.5 ? 0 : 1)))
    const { observations, finalObservations, rewards, terminated, truncated } = batch
    return Array.from(rewards, (reward, i) => {
      const final = terminated[i] || truncated[i] ? finalObservations.subarray(2 * i, 2 * i + 2) : []
      return [...observations.subarray(2 * i, 2 * i + 2), reward, terminated[i], truncated[i], ...final]
    })
  })
}

for (const id of ['Walk-v0', 'Path-v0']) {
  test(`${id}: a row is the same in any division of the environments`, () => {
    const whole = play(batchOf(id, 5, 0), 0, 0, 120)
    const [left, right] = [play(batchOf(id, 2, 0), 0, 0, 120), play(batchOf(id, 3, 2), 2, 0, 120)]
    assert.deepEqual(
      left.map((rows, t) => [...rows, ...right[t]]),
      whole,
    )
    assert.ok(
      whole.flat().some(row => row.length > 5),
      'some episode ended',
    )
  })
}

test('every episode has a seed of its own', () => {
  const starts = new Set<number>()
  const batch = batchOf('Walk-v0', 4, 0)
  for (let t = 0; t < 400; t++) {
    batch.step(new Int32Array(4))
    for (let i = 0; i < 4; i++)
      if (batch.terminated[i] || batch.truncated[i]) starts.add(batch.observations[2 * i])
  }
  assert.ok(starts.size > 20, `${starts.size} starts`)
})

test('what was saved goes on with equal bits, also in another division', () => {
  const batch = batchOf('Path-v0', 4, 0)
  play(batch, 0, 0, 33)
  const saved = batch.save!()
  const expected = play(batch, 0, 33, 70)
  const tail = batchOf('Path-v0', 2, 2)
  tail.load!(saved.subarray(saved.length / 2))
  assert.deepEqual(
    play(tail, 2, 33, 70),
    expected.map(rows => rows.slice(2)),
  )
  assert.equal(batchOf('Walk-v0', 1, 0).save, undefined)
})

test('actions of a box come clipped, as an array', () => {
  const seen: number[][] = []
  class Listener extends Walk {
    override actionSpace = box([-1, 0], [1, 2])
    override step(action: number | ArrayLike<number>) {
      seen.push(Array.from(action as ArrayLike<number>))
      return super.step(1)
    }
  }
  registerEnv('Listener-v0', () => new Listener())
  batchOf('Listener-v0', 2, 0).step(Float32Array.of(-3, 0.5, 1, 4))
  assert.deepEqual(seen, [
    [-1, 0.5],
    [1, 2],
  ])
})

test('mistakes are named when an environment is registered, or when it makes them', () => {
  const refused = (make: () => unknown, message: RegExp) =>
    assert.throws(
      () => registerEnv('Bad-v0', make as () => Environment),
      (error: unknown) => error instanceof UsageError && message.test(error.message),
    )
  refused(() => 3, /^Bad-v0: an environment is an object, not 3$/)
  refused(
    () => ({}),
    /^Bad-v0: observationSpace must be box\(low, high\) or dict\(\{ ... \}\), not undefined$/,
  )
  refused(() => Object.assign(new Walk(), { step: 1 }), /^Bad-v0: the method step\(\) is missing$/)
  assert.throws(() => registerEnv('CartPole-v1', () => new Walk()), /registered already/)
  registerEnv('Short-v0', () => Object.assign(new Walk(), { reset: () => ({ observation: [0], info: {} }) }))
  assert.throws(
    () => batchOf('Short-v0', 1, 0),
    /^Error: Short-v0 gave an observation of 1 numbers where its space has 2/,
  )
})

test('makeEnv gives one’s own by its id too', () => {
  const env = makeEnv('Walk-v0')
  assert.deepEqual(
    env.reset({ seed: 1 }).observation,
    Float32Array.from(new Walk().reset({ seed: 1 }).observation as number[]),
  )
  assert.equal(env.step(1).truncated, false)
  assert.throws(() => env.state, /^Error: Walk-v0 has no field 'state'$/)
  assert.equal(specOf('Walk-v0').maxEpisodeSteps, null)
})
