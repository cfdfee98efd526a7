import assert from 'node:assert/strict'
import { test } from 'node:test'
import { linear, scheduled } from '../../src/ppo/schedules.ts'
import { readData } from '../data.ts'
import { allNear } from '../engine/near.ts'

interface LinearCase {
  name: string
  initial: number
  updates: number
  values: number[]
}

test('linear is the schedule of CleanRL', () => {
  const { cases } = readData<{ cases: LinearCase[] }>('torch/schedules_kl.json')
  const { initial, updates, values } = cases.find(({ name }) => name === 'linear-cleanrl') as LinearCase
  const actual = values.map((_, update) => scheduled('linear', initial, update, updates))
  allNear(actual, values, 1e-18)
  assert.equal(actual[0], initial)
  assert.equal(actual[3], linear(initial, 3, updates))
})

test('constant is constant', () => {
  for (const update of [0, 5, 9]) assert.equal(scheduled('constant', 0.5, update, 10), 0.5)
})
