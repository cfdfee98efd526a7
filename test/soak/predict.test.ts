import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Prediction } from '../../src/index.ts'
import { run } from '../rig.ts'

interface Printed {
  link: string
  predictions: Prediction[]
  paysUpTo: Record<string, number>
  batchFor80: Record<string, number | null>
}

const simulate = ['scaling', 'train', '--simulate', '--np', '1,8,64', '--hosts-of', '8']
const task = [
  '--',
  '--num-envs',
  '64',
  '--batch-size',
  '512',
  '--total-steps',
  '8192',
  '--update-epochs',
  '2',
]

test('scaling --simulate: every way at every np, over a link that is not there', async () => {
  const { status, stdout, stderr } = await run([...simulate, '--link', '25GbE', '--json', ...task])
  assert.equal(status, 0, stderr)
  const { link, predictions, paysUpTo, batchFor80 } = JSON.parse(stdout) as Printed
  assert.equal(link, '25GbE')
  assert.equal(predictions.length, 12)
  for (const { np, allreduce, efficiency, communicationMs, needs } of predictions) {
    const what = `${allreduce} at np ${np}`
    assert.ok(efficiency > 0 && efficiency < 1.2, `${what}: efficiency ${efficiency}`)
    assert.equal(communicationMs > 0, np > 1, what)
    assert.equal(needs !== null, np === 64, `${what}: more ranks than shards need other sizes; ${needs}`)
  }
  const at64 = (way: string) =>
    predictions.find(({ np, allreduce }) => np === 64 && allreduce === way)!.updateMs
  assert.ok(at64('hierarchical') < at64('star'), 'one message a host beats one a rank')
  assert.deepEqual(Object.keys(paysUpTo), ['ring', 'direct', 'hierarchical', 'star'])
  assert.deepEqual(Object.keys(batchFor80), ['1', '8', '64'])
})

test('without --json: a table, and what it comes to', async () => {
  const { status, stdout } = await run([...simulate, '--link', 'WAN', '--allreduce', 'ring', ...task])
  assert.equal(status, 0)
  assert.match(stdout, /^64 +8 +ring /m)
  assert.match(stdout, /more ranks are faster up to np +ring \d+/)
})
