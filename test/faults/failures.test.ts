import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { isAlive, pporun, type Running, readJson, run, script, temporaryFolder, until } from '../rig.ts'

/** Long enough to be killed in the middle. */
const train = ['train', '--total-steps', '1000000']

interface RunFile {
  status: string
  cause: { rank: number | null; pid: number; what: string; exitStatus: number; after: number }
}

for (const victim of [0, 1, 2])
  test(`kill -9 of rank ${victim}: the others are gone within 5 s, one line names it, status 137`, async t => {
    const out = join(temporaryFolder(t), 'run')
    const job = pporun(['-np', '3', '--out', out, ...train])
    const pid = await job.rank(victim)
    await job.prints('SPS')
    process.kill(pid, 'SIGKILL')
    const { status, stderr } = await job.ended
    await job.allGone(5)
    assert.equal(status, 137)
    const lines = stderr.split('\n').filter(line => line.startsWith('pporun:') && line.includes('kill'))
    assert.equal(lines.length, 1, stderr)
    assert.match(lines[0], new RegExp(`rank ${victim} \\(.*pid ${pid}\\).*SIGKILL`))
    const { status: word, cause } = readJson<RunFile>(out, 'run.json')
    assert.equal(word, 'failed')
    assert.deepEqual([cause.rank, cause.pid, cause.exitStatus], [victim, pid, 137])
    for (const survivor of [0, 1, 2].filter(rank => rank !== victim)) {
      const waits = `rank ${survivor} \\(.*pid \\d+\\) waits for .* #\\d+ .*since \\d+\\.\\d s; rank ${victim} \\(.*was killed`
      assert.match(readFileSync(join(out, 'logs', `rank.${survivor}.log`), 'utf8'), new RegExp(waits))
    }
  })

test('a script that throws: its stack once, with its own line, status 1', async t => {
  const folder = temporaryFolder(t)
  const path = script(
    folder,
    `import { connect } from 'pporun'\nconst comm = await connect()\n\nthrow new Error('on purpose ' + comm.size)\n`,
  )
  const { status, stderr } = await run(['-np', '3', path])
  assert.equal(status, 1)
  assert.equal(stderr.match(/Error: on purpose 3/g)?.length, 1 + 1, stderr) // the stack, and the line that names the rank
  assert.equal(stderr.match(/script\.ts:4:\d+/g)?.length, 1, stderr)
})

test('a rank that leaves before the others have finished is a failure', async t => {
  const folder = temporaryFolder(t)
  const path = script(
    folder,
    `import { connect } from 'pporun'\nconst comm = await connect()\nif (comm.rank === 1) process.exit(0)\nawait comm.barrier()\n`,
  )
  const { status, stderr } = await run(['-np', '2', path])
  assert.equal(status, 1)
  assert.match(stderr, /rank 1 .* ended before the others had finished/)
})

test('a rank that never connects is named at once when it ends', async t => {
  const folder = temporaryFolder(t)
  const path = script(
    folder,
    `import { connect } from 'pporun'\nif (process.env.PPORUN_RANK !== '1') await connect()\n`,
  )
  const { status, stderr } = await run(['-np', '3', path])
  assert.equal(status, 1)
  assert.match(stderr, /rank 1 .* ended while the others wait for it in connect\(\)/)
})

test('a rank that never connects and never ends is named at --start-timeout', async t => {
  const folder = temporaryFolder(t)
  const path = script(
    folder,
    `import { connect } from 'pporun'\nif (process.env.PPORUN_RANK === '2') setInterval(() => {}, 1000)\nelse await connect()\n`,
  )
  const job = pporun(['-np', '3', '--start-timeout', '2', path])
  const { status, stderr } = await job.ended
  assert.equal(status, 124)
  assert.match(stderr, /rank 2 .* did not call connect\(\) or train\(\) within --start-timeout 2 s/)
  await job.allGone(5)
})

test('ranks in different collectives: both calls are named', async t => {
  const folder = temporaryFolder(t)
  const path = script(
    folder,
    `import { connect } from 'pporun'\nconst comm = await connect()\nif (comm.rank === 0) await comm.barrier()\nelse await comm.allreduce(new Float32Array(7))\n`,
  )
  const { status, stderr } = await run(['-np', '2', path])
  assert.equal(status, 1)
  assert.match(stderr, /rank 0 is in barrier #1/)
  assert.match(stderr, /rank 1 is in allreduce #1 \(sum, float32 of 7 elements/)
})

test('--timeout ends a job that takes too long with 124', async t => {
  const path = script(temporaryFolder(t), 'setInterval(() => {}, 1000)\n')
  const job = pporun(['-np', '2', '--timeout', '1', path])
  const { status, stderr } = await job.ended
  assert.equal(status, 124)
  assert.match(stderr, /ran past --timeout 1 s/)
  await job.allGone(5)
})

/** Each rank starts a grandchild in its group and two in sessions of their own; all ignore TERM. */
const withGrandchildren = `
import { spawn } from 'node:child_process'
const deaf = ['-c', 'trap "" TERM INT HUP; while :; do sleep 1; done']
spawn('sh', deaf, { stdio: 'inherit' })
spawn('sh', deaf, { stdio: 'ignore', detached: true })
const { pid } = spawn('/bin/sh', deaf, { stdio: 'ignore', detached: true, env: {} })
console.log('grandchildren of', process.env.PPORUN_RANK, 'and one without an environment: pid', pid)
setInterval(() => {}, 1000)
`

async function allGone(job: Running): Promise<void> {
  await job.allGone(5)
  const cleared = [...job.stdout.matchAll(/pid (\d+)/g)].map(([, pid]) => Number(pid))
  assert.equal(cleared.length, 2)
  await until('those without an environment to be gone', () => !cleared.some(isAlive) || undefined, 5)
}

for (const [name, signal, expected] of [
  ['Ctrl-C', 'SIGINT', 130],
  ['TERM', 'SIGTERM', 143],
  ['a closed terminal', 'SIGHUP', 129],
  ['kill -9 of the launcher', 'SIGKILL', null],
] as const)
  test(`${name} leaves no process behind, grandchildren included`, async t => {
    const path = script(temporaryFolder(t), withGrandchildren)
    const job = pporun(['-np', '2', '--tag-output', path])
    await job.prints('grandchildren of 0')
    await job.prints('grandchildren of 1')
    job.process.kill(signal)
    await allGone(job)
    assert.equal((await job.ended).status, expected)
  })

test('kill -9 of the agent: its ranks and their grandchildren go too', async t => {
  const path = script(temporaryFolder(t), withGrandchildren)
  const job = pporun(['-np', '2', '--tag-output', path])
  await job.prints('grandchildren of 0')
  await job.prints('grandchildren of 1')
  const [agent] = job.processes('agentmain.js')
  process.kill(agent, 'SIGKILL')
  const { status, stderr } = await job.ended
  assert.equal(status, 1)
  assert.match(stderr, /the job lost its agent on .* \(SIGKILL\)/)
  await allGone(job)
})

test('a rank in a busy loop dies with its launcher', async t => {
  const path = script(temporaryFolder(t), `console.log('busy'); for (;;);\n`)
  const job = pporun([path])
  await job.prints('busy')
  job.process.kill('SIGKILL')
  await job.allGone(5)
})

test('grandchildren of ranks that have ended are ended too', async t => {
  const path = script(
    temporaryFolder(t),
    `import { spawn } from 'node:child_process'\nspawn('sleep', ['1000'], { detached: true, stdio: 'ignore' }).unref()\n`,
  )
  const job = pporun(['-np', '2', path])
  assert.equal((await job.ended).status, 0)
  await job.allGone(1)
})

test('a stopped process is named by a warning before the time limit', async t => {
  const folder = temporaryFolder(t)
  const job = pporun(['-np', '2', '--out', join(folder, 'run'), '--op-timeout', '60', ...train])
  const pid = await job.rank(1)
  await job.prints('SPS')
  process.kill(pid, 'SIGSTOP')
  await job.prints(`rank 1 (pid ${pid}) is stopped`, 6)
  process.kill(pid, 'SIGCONT')
  await until('rank 1 to go on', () => isAlive(pid) || undefined)
  job.process.kill('SIGTERM')
  await job.allGone(5)
})
