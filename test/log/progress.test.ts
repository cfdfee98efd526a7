import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Metrics } from '../../src/log/logger.ts'
import { progressLine, progressLogger } from '../../src/log/progress.ts'

const metrics: Metrics = {
  steps: 25_600,
  'charts/SPS': 1000,
  'charts/episodic_return': 123.456,
  'time/sample': 1,
  'time/learn': 3,
  'time/allreduce': 1,
}

test('the line says how far, how fast, how well, how long, and what communication costs', () => {
  const expected =
    '25 % ███░░░░░░░░░  25 600/102 400 steps  1 000 SPS  return 123.5  ETA 1 min 17 s  allreduce 25 %'
  assert.equal(progressLine(metrics, 102_400).trimStart(), expected)
})

test('at the end the bar is full and no time is left', () => {
  const line = progressLine({ ...metrics, steps: 102_400 }, 102_400)
  assert.match(line, /^100 % █{12} {2}102 400\/102 400 steps .* ETA 0 s /)
})

test('what is not known yet does not become NaN', () => {
  const unknown: Metrics[] = [
    {},
    { steps: 0, 'charts/episodic_return': null },
    { ...metrics, 'charts/SPS': 0 },
  ]
  for (const one of unknown) assert.doesNotMatch(progressLine(one, 1000), /NaN|Infinity|null|undefined/)
  assert.match(progressLine({}, 1000), /return - /)
})

test('the logger shows the first and the last state, and few in between', () => {
  const shown: string[] = []
  const logger = progressLogger(102_400, text => shown.push(text))
  logger.write(metrics)
  logger.write({ ...metrics, steps: 51_200 })
  logger.write({ ...metrics, steps: 102_400 })
  assert.deepEqual(shown, [
    progressLine(metrics, 102_400),
    progressLine({ ...metrics, steps: 102_400 }, 102_400),
  ])
})
