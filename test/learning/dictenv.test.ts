/** A picture and a vector, each with its encoder, under the real command. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Evaluation } from '../../src/index.ts'
import { checkout } from '../data.ts'
import { readJson, run, temporaryFolder } from '../rig.ts'

const example = join(checkout, 'scripts', 'examples', 'dictenv.ts')

test('np 2: a place on a board is found, by its picture and the goal beside it', async t => {
  const out = join(temporaryFolder(t), 'run')
  const { status, stderr } = await run(['-np', '2', '--out', out, example, '--seed', '1'])
  assert.equal(status, 0, stderr)
  const { evaluation, config } = readJson<{ evaluation: Evaluation; config: { encoder: string } }>(
    out,
    'run.json',
  )
  assert.equal(config.encoder, 'small')
  // The shortest ways come to 0.7 on average; one who does not know the goal comes to -2.
  assert.ok(evaluation.meanReturn >= 0.3, JSON.stringify(evaluation))
})
