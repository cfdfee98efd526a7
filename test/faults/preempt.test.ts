import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { hashIn, options, startIn, stopped } from '../command/stopping.ts'
import { pporun, type Running, readJson, readLinesOf, run, script, temporaryFolder } from '../rig.ts'

const endless = ['train', '--total-steps', '100000000', '--checkpoint-every', 'off']

test('asked to end in any way, on any process, it leaves a checkpoint; in the end the same bits', async t => {
  const folder = temporaryFolder(t)
  const [whole, broken] = [join(folder, 'whole'), join(folder, 'broken')]
  assert.equal((await run(['-np', '1', '--out', whole, 'train', ...options])).status, 0)

  const start = (np: number) => startIn(broken, np)
  const term = (job: Running) => void job.process.kill('SIGTERM')
  assert.match(await stopped(t, broken, start(2), term, 75), /pporun: ended by TERM/)
  const usr1 = async (job: Running) => void process.kill(await job.rank(2), 'SIGUSR1')
  assert.match(await stopped(t, broken, start(3), usr1, 75), /pporun: ended by SIGUSR1 on /)
  const all = (job: Running) => {
    for (const pid of job.processes()) process.kill(pid, 'SIGTERM')
  }
  assert.match(await stopped(t, broken, start(2), all, 75), /pporun: ended by /)
  const ctrlC = (job: Running) => void job.process.kill('SIGINT')
  assert.match(await stopped(t, broken, start(1), ctrlC, 130), /pporun: interrupted by Ctrl-C/)

  assert.equal((await start(2).ended).status, 0)
  assert.equal(hashIn(broken), hashIn(whole))
  assert.equal(readLinesOf(broken, 'metrics.jsonl').length, 600)
})

test('the checkpoint is finished before --timeout: 124, and preempted', async t => {
  const out = join(temporaryFolder(t), 'run')
  const { status, stderr, seconds } = await run(['-np', '2', '--timeout', '8', '--out', out, ...endless])
  assert.equal(status, 124)
  assert.match(stderr, /pporun: ended before --timeout 8 s/)
  assert.ok(seconds < 8, `took ${seconds} s`)
  const { status: word, updates } = readJson<{ status: string; updates: number }>(out, 'run.json')
  assert.equal(word, 'preempted')
  assert.equal(readLinesOf(out, 'metrics.jsonl').length, updates)
})

test('Ctrl-C once waits for the update; twice: now', async t => {
  const out = join(temporaryFolder(t), 'run')
  const delay = ['--fault', 'rank=1,update=3,op=2,kind=delay,seconds=30']
  const job = pporun(['-np', '2', '--grace', '30', '--out', out, ...delay, ...endless])
  await job.prints('SPS')
  job.process.kill('SIGINT')
  await job.prints('interrupted by Ctrl-C')
  await new Promise(resolve => setTimeout(resolve, 1000))
  assert.equal(job.process.exitCode, null)
  job.process.kill('SIGTERM') // anything else does not hurry it
  await new Promise(resolve => setTimeout(resolve, 500))
  assert.equal(job.process.exitCode, null)
  job.process.kill('SIGINT')
  await job.allGone(5)
  assert.equal((await job.ended).status, 130)
  assert.equal(readJson<{ status: string }>(out, 'run.json').status, 'failed')
})

test('an update that is longer than --grace is cut off, and the status says that there is no checkpoint', async t => {
  const out = join(temporaryFolder(t), 'run')
  const delay = ['--fault', 'rank=1,update=3,op=2,kind=delay,seconds=30']
  const job = pporun(['-np', '2', '--grace', '2', '--out', out, ...delay, ...endless])
  await job.prints('SPS')
  job.process.kill('SIGTERM')
  assert.equal((await job.ended).status, 143)
  await job.allGone(5)
  assert.ok(!existsSync(join(out, 'checkpoints')))
})

test('a rank that dies while all complete their last update is not waited for until --grace', async t => {
  const out = join(temporaryFolder(t), 'run')
  const delay = ['--fault', 'rank=1,update=3,op=2,kind=delay,seconds=60']
  const job = pporun(['-np', '2', '--grace', '60', '--out', out, ...delay, ...endless])
  await job.prints('SPS')
  const pid = await job.rank(1)
  job.process.kill('SIGTERM')
  await job.prints('ended by TERM')
  process.kill(pid, 'SIGKILL')
  const killed = performance.now()
  const { status, stderr } = await job.ended
  assert.ok(performance.now() - killed < 10_000)
  assert.equal(status, 143)
  assert.match(stderr, /rank 1 \(.*\) was killed by SIGKILL meanwhile; all ranks are ended \(status 143\)/)
  await job.allGone(2)
})

test('kill -9 of the launcher ends training at once: nobody is left to end it together', async t => {
  const out = join(temporaryFolder(t), 'run')
  const job = pporun(['-np', '2', '--out', out, ...endless])
  await job.prints('SPS')
  job.process.kill('SIGKILL')
  await job.allGone(5)
})

test('a loop of one’s own with a TERM handler gets the grace; without one it ends', async t => {
  const folder = temporaryFolder(t)
  const source = (handler: string) => `
    import { connect } from 'pporun'
    const comm = await connect()
    ${handler}
    await comm.barrier()
    if (comm.rank === 0) console.log('under way')
    setInterval(() => {}, 1000)`
  const handler = `process.on('SIGTERM', () => setTimeout(() => { console.error('saved'); process.exit(0) }, 500))`
  for (const [own, says] of [
    [handler, true],
    ['', false],
  ] as const) {
    const job = pporun(['-np', '2', script(folder, source(own))])
    await job.prints('under way')
    job.process.kill('SIGUSR1')
    const { status, stderr } = await job.ended
    assert.equal(status, 138)
    assert.equal(stderr.includes('saved'), says)
  }
})
