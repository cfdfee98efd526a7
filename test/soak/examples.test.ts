/** The examples that compute with TensorFlow.js, which takes some seconds; the others are in test/command/alone. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkout } from '../data.ts'
import { run, temporaryFolder } from '../rig.ts'

for (const [name, printed] of [
  ['dictenv.ts', /^evaluation +-?[\d.]+/m],
  ['ownnetwork.ts', /meanReturn: [\d.]+/],
] as const)
  test(`the example ${name} runs`, async t => {
    const example = join(checkout, 'scripts', 'examples', name)
    const cwd = temporaryFolder(t)
    const { status, stdout, stderr } = await run(['-np', '2', example, '--total-steps', '512'], { cwd })
    assert.equal(status, 0, stderr)
    assert.match(stdout, printed)
  })
