import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { trainAndEvaluate } from '../learning/trial.ts'
import { temporaryFolder } from '../rig.ts'

/** One seed of `npm run test:learning`. */
test('two ranks learn CartPole-v1 to at least 490', async t => {
  const { meanReturn, seconds } = await trainAndEvaluate(2, 2, join(temporaryFolder(t), 'run'))
  t.diagnostic(`return ${meanReturn} after ${seconds.toFixed(0)} s`)
  assert.ok(meanReturn >= 490, `return ${meanReturn}`)
})
