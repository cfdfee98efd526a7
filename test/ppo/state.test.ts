import assert from 'node:assert/strict'
import { test } from 'node:test'
import { layoutOf } from '../../src/engine/layout.ts'
import { defaultConfig, type TrainConfig } from '../../src/ppo/config.ts'
import { adaptToKl, coefficients, initialState, type TrainState } from '../../src/ppo/state.ts'

const network = { observationSize: 2, hidden: [3], activation: 'tanh', sharedTrunk: false } as const
const layout = layoutOf({ ...network, distribution: 'categorical', numActions: 2 })

function begin(options: Partial<TrainConfig>): { config: TrainConfig; state: TrainState } {
  const config = { ...defaultConfig(), ...options }
  return { config, state: initialState(config, layout, new Float32Array(layout.size)) }
}

test('schedules: rate, clip and entropy fall linearly where asked to', () => {
  const { config, state } = begin({ clipSchedule: 'linear', entSchedule: 'linear', entCoef: 0.1 })
  state.update = 3
  const { learningRate, clipCoef, entCoef, klCoef } = coefficients(config, state, 4)
  assert.deepEqual([learningRate, clipCoef, entCoef, klCoef], [2.5e-4 / 4, 0.2 / 4, 0.1 / 4, 0])
})

test('constant schedules, and no clip', () => {
  const { config, state } = begin({ lrSchedule: 'constant', clipCoef: null })
  state.update = 3
  const { learningRate, clipCoef, entCoef } = coefficients(config, state, 4)
  assert.deepEqual([learningRate, clipCoef, entCoef], [2.5e-4, null, 0.01])
})

test('a penalty with a fixed coefficient stays', () => {
  const { config, state } = begin({ klCoef: 0.5 })
  adaptToKl(config, state, 1)
  assert.equal(coefficients(config, state, 4).klCoef, 0.5)
})

test('with a target the coefficient begins at 1, or as given, and follows the KL', () => {
  for (const [options, first] of [
    [{ klTarget: 0.01 }, 1],
    [{ klTarget: 0.01, klCoef: 0.5 }, 0.5],
  ] as const) {
    const { config, state } = begin(options)
    assert.equal(state.klCoef, first)
    for (const [kl, expected] of [
      [0.02, 2 * first],
      [0.01, 2 * first],
      [0.001, first],
    ]) {
      adaptToKl(config, state, kl)
      assert.equal(coefficients(config, state, 4).klCoef, expected)
    }
  }
})

test('the learning rate follows the KL, about 0.01 or the target, and brings no penalty', () => {
  for (const klTarget of [null, 0.02]) {
    const { config, state } = begin({ lrSchedule: 'kl', klTarget })
    adaptToKl(config, state, 0.03)
    const expected = klTarget ? 2.5e-4 : 2.5e-4 * (1 / 1.5)
    assert.equal(coefficients(config, state, 4).learningRate, expected)
    assert.equal(coefficients(config, state, 4).klCoef, 0)
  }
})
