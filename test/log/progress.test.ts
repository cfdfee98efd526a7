import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RunState } from '../../src/base/dashboard.ts'
import type { Metrics } from '../../src/log/logger.ts'
import { progressLogger, stateOf } from '../../src/log/progress.ts'

const metrics: Metrics = { steps: 25_600, 'charts/SPS': 1000, 'charts/episodic_return': 123.456 }

test('the logger tells the first and the last state, and few in between', () => {
  const shown: RunState[] = []
  const logger = progressLogger(102_400, state => shown.push(state))
  logger.write(metrics)
  logger.write({ ...metrics, steps: 51_200 })
  logger.write({ ...metrics, steps: 102_400 })
  assert.deepEqual(shown, [stateOf(metrics, 102_400), stateOf({ ...metrics, steps: 102_400 }, 102_400)])
})

test('what is not known is 0, or no return', () => {
  const nothing = { steps: 0, totalSteps: 9, sps: 0, return: null, sample: 0, learn: 0, allreduce: 0 }
  assert.deepEqual(stateOf({}, 9), nothing)
})
