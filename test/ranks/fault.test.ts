import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { pporun, temporaryFolder } from '../rig.ts'

const train = ['train', '--total-steps', '20480']

/** Updates that metrics.jsonl has. */
const updates = (out: string): number =>
  readFileSync(join(out, 'metrics.jsonl'), 'utf8').trim().split('\n').length

for (const [kind, status, says] of [
  ['kill9', 137, /rank 1 \(.*\) was killed by SIGKILL/],
  ['nan', 1, /the gradient of \S+ is NaN in the rows of environment 4 \(rank 1\) of update 5 together/],
] as const)
  test(`--fault: ${kind} in the third collective of update 5`, async t => {
    const out = join(temporaryFolder(t), 'run')
    const fault = `rank=1,update=5,op=3,kind=${kind}`
    const job = pporun(['-np', '2', '--out', out, '--fault', fault, ...train])
    const ended = await job.ended
    assert.equal(ended.status, status, ended.stderr)
    assert.match(ended.stderr, says)
    assert.equal(updates(out), 4)
    await job.allGone(5)
  })
