/** An environment of the script's own, trained under the real command. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkout } from '../data.ts'
import { readJson, run, temporaryFolder } from '../rig.ts'

test('an environment that a script registers is trained, with the same bits at np 1 and 3', async t => {
  const folder = temporaryFolder(t)
  const example = join(checkout, 'scripts', 'examples', 'ownenv.ts')
  const hashes = []
  for (const np of ['1', '3']) {
    const out = join(folder, np)
    const { status, stderr } = await run(['-np', np, '--out', out, example, '--total-steps', '2048'])
    assert.equal(status, 0, stderr)
    hashes.push(readJson<{ paramsHash: string }>(out, 'run.json').paramsHash)
  }
  assert.equal(hashes[0], hashes[1])
  const { status, stderr } = await run(['eval', join(folder, '1')])
  assert.equal(status, 2)
  assert.match(
    stderr,
    /^pporun: .* is an environment that a script has registered; evaluate there: registerEnv\(.*\n$/,
  )
})
