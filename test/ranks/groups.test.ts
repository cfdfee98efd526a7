/** split(), send() and recv() between processes, as scripts write them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { run, script, temporaryFolder } from '../rig.ts'

const grid = `
import { connect } from 'pporun'
const comm = await connect()
const row = await comm.split(comm.rank >> 1)
const column = await comm.split(comm.rank % 2)
const sum = Float64Array.of(comm.rank)
await row!.allreduce(sum)
await column!.allreduce(sum)
await comm.send(sum, (comm.rank + 1) % comm.size)
const received = new Float64Array(1)
await comm.recv(received, (comm.rank + 3) % comm.size)
const all = await comm.gather(received, 2)
if (all) console.log('gathered ' + all.join())
await row!.close()
await comm.close()
`

test('rows and columns of a grid of ranks: their sums are the sum of all', async t => {
  const { status, stdout, stderr } = await run(['-np', '4', '--tag-output', script(temporaryFolder(t), grid)])
  assert.equal(status, 0, stderr)
  assert.match(stdout, /gathered 6,6,6,6/)
})

const late = `
import { connect } from 'pporun'
const comm = await connect()
const group = await comm.split(comm.rank % 2)
if (comm.rank === 3) for (;;);
await group!.barrier()
await comm.barrier()
`

test('a rank that keeps its group waiting is named by its rank in the job', async t => {
  const words = ['-np', '4', '--op-timeout', '1', script(temporaryFolder(t), late)]
  const { status, stderr } = await run(words)
  assert.equal(status, 124, stderr)
  assert.match(stderr, /rank 3 \(.*\) kept the others waiting .*busy/)
})
