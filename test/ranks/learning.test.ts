import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { train } from '../learning/trial.ts'
import { temporaryFolder } from '../rig.ts'

test('two ranks learn CartPole-v1 to at least 490', async t => {
  const out = join(temporaryFolder(t), 'run')
  const { evaluation } = await train(['--seed', '2'], 2, out)
  assert.ok(evaluation.meanReturn >= 490, JSON.stringify(evaluation))
})
