import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bestOf, explored, parentsOf } from '../../src/parallel/breeding.ts'

test('the worst quarter goes on from the best quarter, the others from themselves', () => {
  const scores = [5, 1, 9, 4, 8, 2, 7, 3]
  for (let update = 0; update < 50; update++) {
    const parents = parentsOf(scores, 0, update)
    assert.deepEqual(parents, parentsOf(scores, 0, update))
    for (const [member, parent] of parents.entries())
      assert.ok(member === 1 || member === 5 ? [2, 4].includes(parent) : parent === member)
  }
  const drawn = new Set(Array.from({ length: 50 }, (_, update) => parentsOf(scores, 0, update)[1]))
  assert.deepEqual([...drawn].sort(), [2, 4])
  assert.equal(bestOf(scores), 2)
})

test('equals are left alone; who has finished no episode is the worst', () => {
  assert.deepEqual(parentsOf([3, 3, 3, 3], 1, 1), [0, 1, 2, 3])
  assert.deepEqual(parentsOf([-Infinity, 2], 1, 1), [1, 1])
  assert.deepEqual(parentsOf([-Infinity, -Infinity], 1, 1), [0, 1])
  assert.deepEqual(parentsOf([], 1, 1), [])
})

test('a copy is a step off, up or down, the same for the same numbers', () => {
  const settings = { learningRate: 1, entCoef: 0 }
  const seen = new Set<number>()
  for (let update = 0; update < 30; update++) {
    const { learningRate, entCoef } = explored(settings, { seed: 3, explore: 2 }, 1, update)
    assert.equal(explored(settings, { seed: 3, explore: 2 }, 1, update).learningRate, learningRate)
    assert.equal(entCoef, 0)
    seen.add(learningRate)
  }
  assert.deepEqual([...seen].sort(), [0.5, 2])
})
