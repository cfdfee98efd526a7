import assert from 'node:assert/strict'
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as passed } from 'node:timers/promises'
import { pporun, run, script, temporaryFolder } from '../rig.ts'

const MEETING = `
import { connect } from 'pporun'
const comm = await connect()
await comm.barrier()
await comm.close()`

/** From before the launcher hears of signals to after the last rank has begun; ms. */
const MOMENTS = Array.from({ length: 12 }, (_, i) => 60 * i)

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  test(`F8 ${signal} at any moment of a start: ended by it, and nothing is left`, async t => {
    const folder = temporaryFolder(t)
    for (const moment of MOMENTS) {
      const TMPDIR = join(folder, String(moment))
      mkdirSync(TMPDIR)
      const job = pporun(['-np', '2', script(folder, `${MEETING}\nsetInterval(() => {}, 1000)`)], {
        env: { TMPDIR },
      })
      await passed(moment)
      job.process.kill(signal)
      const { status, signal: died, stderr } = await job.ended
      assert.ok(
        died === signal || status === (signal === 'SIGINT' ? 130 : 143),
        `${status} ${died} ${stderr}`,
      )
      await job.allGone(5)
      assert.deepEqual(readdirSync(TMPDIR), [], `${moment} ms`)
    }
  })

test('64 ranks on one machine meet and leave', async t => {
  const { status, stderr, seconds } = await run(['-np', '64', script(temporaryFolder(t), MEETING)])
  assert.equal(status, 0, stderr)
  t.diagnostic(`${seconds.toFixed(1)} s`)
})
