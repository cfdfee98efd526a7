/** TensorBoard's own reader on the event file of a real run. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkout } from '../data.ts'
import { readLinesOf, run, temporaryFolder } from '../rig.ts'

/** Made by scripts/build/webtools.sh, as .ci/run does. */
const python = join(checkout, '.cache', 'tensorboard', 'bin', 'python')
const skip = existsSync(python) ? false : 'no TensorBoard: run scripts/build/webtools.sh'

test('TensorBoard reads every number of metrics.jsonl', { skip }, async t => {
  const out = join(temporaryFolder(t), 'run')
  const { status, stderr } = await run(['-np', '2', '--out', out, 'train', '--total-steps', '4096'])
  assert.equal(status, 0, stderr)
  const reader = spawnSync(python, [join(checkout, 'test', 'tensorboard', 'read.py'), out], {
    encoding: 'utf8',
  })
  assert.equal(reader.status, 0, reader.stderr)
  const read = JSON.parse(reader.stdout) as Record<string, [step: number, value: number][]>
  const updates = readLinesOf<Record<string, number | null>>(out, 'metrics.jsonl')
  assert.ok(updates.length > 10)
  const tags = Object.keys(updates[0]).filter(name => name.includes('/'))
  assert.deepEqual(Object.keys(read).sort(), tags.sort())
  for (const tag of tags)
    assert.deepEqual(
      read[tag],
      updates.filter(update => update[tag] !== null).map(update => [update.steps, Math.fround(update[tag]!)]),
      tag,
    )
})
