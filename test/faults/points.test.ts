import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { run, script, temporaryFolder } from '../rig.ts'

const train = ['train', '--total-steps', '20480']

test('--fault: a rank that leaves is named', async t => {
  const out = join(temporaryFolder(t), 'run')
  const fault = 'rank=1,update=5,op=1,kind=exit'
  const { status, stderr } = await run(['-np', '2', '--out', out, '--fault', fault, ...train])
  assert.equal(status, 1, stderr)
  assert.match(stderr, /rank 1 \(.*\) ended with exit status 1/)
})

test('--fault: a rank that stops is named; one that is late is waited for', async t => {
  const out = join(temporaryFolder(t), 'run')
  const words = ['--op-timeout', '3', '--fault', 'rank=0,update=2,kind=stop', ...train]
  const stopped = await run(['-np', '2', '--out', out, ...words])
  assert.equal(stopped.status, 124, stopped.stderr)
  assert.match(stopped.stderr, /rank 0 \(.*\) kept the others waiting .* stopped \(state T\)/)
  const path = script(
    temporaryFolder(t),
    `import { connect } from 'pporun'
     const comm = await connect()
     await comm.barrier()
     const start = performance.now()
     await comm.barrier()
     if (comm.rank === 1) console.error('waited', performance.now() - start > 400)`,
  )
  const late = await run(['-np', '2', '--fault', 'rank=0,op=2,kind=delay,seconds=0.5', path])
  assert.equal(late.status, 0, late.stderr)
  assert.match(late.stderr, /waited true/)
})
