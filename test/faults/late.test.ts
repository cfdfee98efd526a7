import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { pporun, readJson, script, temporaryFolder } from '../rig.ts'

/** A rank that keeps the others waiting is named, whichever neighbour notices first. LATE_ROUNDS=20 for the full count. */
const rounds = Number(process.env.LATE_ROUNDS ?? 2)

interface RunFile {
  cause: { rank: number; what: string; exitStatus: number }
}

const busy = `
import { connect } from 'pporun'
const comm = await connect()
const victim = Number(process.argv[2])
for (let i = 0; i < 50; i++) await comm.allreduce(new Float64Array(1000))
console.log('begun')
if (comm.rank === victim) for (;;);
for (;;) await comm.allreduce(new Float64Array(1000))
`

for (let round = 0; round < rounds; round++) {
  const victim = (3 * round + 1) % 4

  test(`SIGSTOP of rank ${victim}: named, ended, status 124 (round ${round + 1})`, async t => {
    const out = join(temporaryFolder(t), 'run')
    const job = pporun(['-np', '4', '--op-timeout', '5', '--out', out, 'train', '--total-steps', '1000000'])
    const pid = await job.rank(victim)
    await job.prints('SPS')
    process.kill(pid, 'SIGSTOP')
    const { status, stderr } = await job.ended
    await job.allGone(5)
    assert.equal(status, 124, stderr)
    assert.match(stderr, new RegExp(`rank ${victim} \\(.*pid ${pid}\\) kept the others waiting .*stopped`))
    assert.equal(readJson<RunFile>(out, 'run.json').cause.rank, victim)
  })

  test(`rank ${victim} in a busy loop: named, ended, status 124 (round ${round + 1})`, async t => {
    const path = script(temporaryFolder(t), busy)
    const job = pporun(['-np', '4', '--op-timeout', '5', path, String(victim)])
    const pid = await job.rank(victim)
    const { status, stderr } = await job.ended
    await job.allGone(5)
    assert.equal(status, 124, stderr)
    assert.match(stderr, new RegExp(`rank ${victim} \\(.*pid ${pid}\\) kept the others waiting .*busy`))
  })
}
