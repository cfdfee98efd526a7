import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UsageError } from '../../src/base/errors.ts'
import { Purpose } from '../../src/base/math/streams.ts'
import { environmentIds, makeVectorEnv, specOf } from '../../src/env/registry.ts'

const streams = { seed: 0, purpose: Purpose.reset, firstEnv: 0 }

test('every id makes a batch of its environment', () => {
  for (const id of environmentIds()) {
    assert.equal(specOf(id).id, id)
    const batch = makeVectorEnv(id, 3, streams)
    assert.equal(batch.numEnvs, 3)
    assert.equal(batch.observations.length, 3 * specOf(id).observationSpace.low.length)
  }
})

test('an unknown id is refused with the nearest one', () => {
  const known = `Known: ${environmentIds().join(', ')}`
  assert.throws(
    () => makeVectorEnv('CartPole-v9', 1, streams),
    new UsageError(`unknown environment 'CartPole-v9'; did you mean CartPole-v1? ${known}`),
  )
  assert.throws(() => specOf('Chess'), new UsageError(`unknown environment 'Chess'. ${known}`))
})

test('a pole of another length is another environment; of the usual one the same to the bit', () => {
  const observe = (id: string) => {
    const batch = makeVectorEnv(id, 2, streams)
    void batch.reset()
    for (let step = 0; step < 8; step++) void batch.step(Int32Array.of(step & 1, 1))
    return [...batch.observations]
  }
  assert.deepEqual(observe('CartPole-v1:length=0.5'), observe('CartPole-v1'))
  assert.notDeepEqual(observe('CartPole-v1:length=0.25'), observe('CartPole-v1'))
  assert.ok(!environmentIds().includes('CartPole-v1:length=0.25'))
  for (const id of [
    'CartPole-v1:length=0',
    'CartPole-v1:length=x',
    'CartPole-v1:mass=1',
    'CartPole-v1:length=1:1',
  ])
    assert.throws(() => specOf(id), UsageError, id)
})
