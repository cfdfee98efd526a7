import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Adaptation,
  adapt,
  klLearningRate,
  linear,
  paperKlCoefficient,
  rllibKlCoefficient,
  scheduled,
} from '../../src/ppo/schedules.ts'
import { readData } from '../data.ts'
import { allNear } from '../engine/near.ts'

interface LinearCase {
  initial: number
  updates: number
  values: number[]
}

interface KlCase {
  target: number
  initial: number
  kl: number[]
  values: number[]
}

interface BoundsCase {
  target: number
  upwards: number[]
  downwards: number[]
}

const { cases } = readData<{ cases: { name: string }[] }>('torch/schedules_kl.json')
const recorded = <T>(wanted: string) => cases.find(({ name }) => name === wanted) as T

test('linear is the schedule of CleanRL', () => {
  const { initial, updates, values } = recorded<LinearCase>('linear-cleanrl')
  const actual = values.map((_, update) => scheduled('linear', initial, update, updates))
  allNear(actual, values, 1e-18)
  assert.equal(actual[0], initial)
  assert.equal(actual[3], linear(initial, 3, updates))
})

test('constant is constant', () => {
  for (const update of [0, 5, 9]) assert.equal(scheduled('constant', 0.5, update, 10), 0.5)
})

const rules: [string, Adaptation][] = [
  ['kl-coefficient-ppo-paper', paperKlCoefficient],
  ['kl-coefficient-rllib', rllibKlCoefficient],
  ['kl-coefficient-bounded', { ...paperKlCoefficient, least: 0.25, most: 4 }],
  ['adaptive-lr-rl-games', klLearningRate],
  ['adaptive-lr-rsl-rl', { ...klLearningRate, least: 1e-5, needsPositiveKl: true }],
]

for (const [name, rule] of rules)
  test(`${name}: as recorded`, () => {
    const { target, initial, kl, values } = recorded<KlCase>(name)
    let value = initial
    const actual = kl.map(measured => (value = adapt(value, measured, target, rule)))
    allNear(actual, values, 1e-15)
  })

test('the adaptive learning rate stays within its bounds', () => {
  const { target, upwards, downwards } = recorded<BoundsCase>('adaptive-lr-bounds')
  for (const [expected, kl] of [
    [upwards, 0],
    [downwards, 1],
  ] as const) {
    let rate = expected[0]
    const after = expected.slice(1).map(() => (rate = adapt(rate, kl, target, klLearningRate)))
    allNear(after, expected.slice(1), 1e-18)
  }
})
