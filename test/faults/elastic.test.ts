import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, type TestContext, test } from 'node:test'
import { pporun, type Running, readJson, readLinesOf, run, script, temporaryFolder, until } from '../rig.ts'

const train = ['train', '--total-steps', '15360', '--checkpoint-every', '40']
const UPDATES = 60

interface RunFile {
  status: string
  paramsHash: string
  recoveries?: { update: number; lost: { rank: number; what: string }[]; np: number; seconds: number }[]
  cause: { rank: number; exitStatus: number; what: string }
}

let undisturbed: string

interface Started {
  job: Running
  out: string
}

function start(t: TestContext, ...options: string[]): Started {
  const out = join(temporaryFolder(t), 'run')
  return { job: pporun(['-np', '4', '--out', out, ...options, ...train]), out }
}

/** The bits, and every line of metrics.jsonl once, whatever has happened. */
async function sameAsUndisturbed({ job, out }: Started): Promise<RunFile> {
  const { status, stderr } = await job.ended
  assert.equal(status, 0, stderr)
  const file = readJson<RunFile>(out, 'run.json')
  assert.deepEqual([file.status, file.paramsHash], ['completed', undisturbed], stderr)
  const updates = readLinesOf<{ update: number }>(out, 'metrics.jsonl').map(({ update }) => update)
  assert.deepEqual(
    updates,
    Array.from({ length: UPDATES }, (_, i) => i + 1),
  )
  await job.allGone(5)
  return file
}

const lostIn = ({ recoveries = [] }: RunFile): number[] =>
  recoveries.flatMap(({ lost }) => lost.map(({ rank }) => rank)).sort()

async function kill(job: Running, rank: number): Promise<void> {
  process.kill(await job.rank(rank), 'SIGKILL')
}

describe('a job that outlives its ranks', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pporun-undisturbed-'))
  after(() => rmSync(folder, { recursive: true }))
  before(async () => {
    const { stderr } = await run(['-np', '1', '--out', join(folder, 'run'), ...train])
    undisturbed = readJson<RunFile>(folder, 'run', 'run.json').paramsHash
    assert.ok(undisturbed, stderr)
  })

  for (const how of ['shrink', 'replace'])
    for (const [victims, ...points] of [
      [[0], 'rank=0,update=30,op=2,kind=kill9'],
      [[1, 3], 'rank=1,update=30,op=4,kind=kill9', 'rank=3,update=30,op=4,kind=kill9'],
      [[2], 'rank=2,update=1,op=1,kind=kill9'],
      [[3], 'rank=3,update=60,op=5,kind=exit'],
    ] as [number[], ...string[]][])
      test(`${how}: ${points.join(' and ')}: the bits of an undisturbed run`, async t => {
        const faults = points.flatMap(point => ['--fault', point])
        const started = start(t, '--on-failure', how, ...faults)
        const file = await sameAsUndisturbed(started)
        assert.deepEqual(lostIn(file), victims)
        if (how === 'replace' && victims.length > 1) assert.match(started.job.stderr, /ranks 1,3 joined/)
        for (const { seconds } of file.recoveries ?? []) {
          t.diagnostic(`${seconds.toFixed(2)} s without an update`)
          assert.ok(seconds < 3)
        }
      })

  test('shrink: a neighbour of the dead is killed during recovery', async t => {
    const started = start(t, '--on-failure', 'shrink', '--fault', 'rank=1,update=30,op=2,kind=kill9')
    await started.job.prints('3 ranks go on')
    await kill(started.job, 2)
    assert.deepEqual(lostIn(await sameAsUndisturbed(started)), [1, 2])
  })

  test('replace: the replacement is killed too, before it has joined and after it has', async t => {
    const started = start(t, '--on-failure', 'replace', '--fault', 'rank=1,update=20,op=2,kind=kill9')
    await started.job.prints('3 ranks go on')
    await kill(started.job, 1)
    await started.job.prints('rank 1 joined')
    await kill(started.job, 1)
    assert.deepEqual(lostIn(await sameAsUndisturbed(started)), [1, 1])
  })

  test('shrink: a rank that is stopped is given up at --op-timeout, and ended', async t => {
    const fault = ['--fault', 'rank=3,update=30,op=2,kind=stop', '--op-timeout', '3']
    const file = await sameAsUndisturbed(start(t, '--on-failure', 'shrink', ...fault))
    assert.match(file.recoveries?.[0].lost[0].what ?? '', /stopped \(state T\)/)
  })

  test('fewer than --min-np: the job ends as without --on-failure, with the same cause', async t => {
    const fault = ['--fault', 'rank=3,update=30,op=2,kind=kill9', '--min-np', '4']
    const { job, out } = start(t, '--on-failure', 'shrink', ...fault)
    const { status, stderr } = await job.ended
    assert.equal(status, 137, stderr)
    assert.match(
      stderr,
      /rank 3 .* was killed by SIGKILL; 3 ranks are left, --min-np is 4; all ranks are ended/,
    )
    const { cause } = readJson<RunFile>(out, 'run.json')
    assert.deepEqual([cause.rank, cause.exitStatus], [3, 137])
    await job.allGone(5)
  })

  test('shrink: what a rank says of a connection that broke before the others went on is old', async t => {
    const out = join(temporaryFolder(t), 'run')
    const words = ['worker', '--out', out, '--on-failure', 'shrink', ...train]
    const workers = ['0', '1', '2'].map(RANK => pporun(words, { env: { RANK, WORLD_SIZE: '3' } }))
    const [first, second, third] = workers
    await first.prints('SPS')
    // What is said to and by rank 2 waits in its agent, which is the worker itself.
    third.process.kill('SIGSTOP')
    await kill(second, 1)
    await first.prints('2 ranks go on')
    await new Promise(resolve => setTimeout(resolve, 500)) // rank 2 has noticed
    third.process.kill('SIGCONT')
    const { status, stderr } = await first.ended
    assert.equal(status, 0, stderr)
    const { recoveries, paramsHash } = readJson<RunFile>(out, 'run.json')
    assert.deepEqual(
      [recoveries?.map(({ lost }) => lost.map(({ rank }) => rank)), paramsHash],
      [[[1]], undisturbed],
    )
    for (const worker of workers) await worker.allGone(5)
  })

  test('replace: fewer than --min-np wait for others, and go on with them', async t => {
    const fault = ['--fault', 'rank=2,update=30,op=2,kind=kill9', '--min-np', '4']
    const started = start(t, '--on-failure', 'replace', ...fault)
    const { recoveries } = await sameAsUndisturbed(started)
    assert.match(started.job.stderr, /3 ranks wait for others, --min-np is 4/)
    assert.deepEqual(
      recoveries?.map(({ lost, np }) => [lost[0].rank, np]),
      [[2, 4]],
    )
  })

  test('replace: when no other comes within --start-timeout the job ends, with the first loss as its cause', async t => {
    const fault = ['--fault', 'rank=3,update=30,op=2,kind=kill9', '--min-np', '4', '--start-timeout', '8']
    const { job } = start(t, '--on-failure', 'replace', ...fault)
    await job.prints('3 ranks wait')
    process.kill(await job.rank(3), 'SIGSTOP')
    const { status, stderr } = await job.ended
    assert.equal(status, 137, stderr)
    assert.match(
      stderr,
      /rank 3 .* was killed by SIGKILL; 3 ranks are left, --min-np is 4, and not enough others came within --start-timeout 8 s/,
    )
    await job.allGone(5)
  })

  for (const how of ['shrink', 'replace'])
    test(`${how}: USR1 while ranks recover: the last update is kept, status 75, and goes on to the same bits`, async t => {
      const fault = ['--fault', 'rank=1,update=5,op=2,kind=kill9']
      const { job, out } = start(t, '--on-failure', how, ...fault)
      await job.prints('3 ranks go on')
      job.process.kill('SIGUSR1')
      const { status, stderr } = await job.ended
      assert.equal(status, 75, stderr)
      assert.equal(readJson<RunFile>(out, 'run.json').status, 'preempted')
      await job.allGone(5)
      await sameAsUndisturbed({ job: pporun(['-np', '2', '--out', out, ...train, '--resume', 'auto']), out })
    })

  test('what all ranks throw alike ends the job: one cause, no recovery', async t => {
    const { job } = start(t, '--on-failure', 'replace', '--fault', 'rank=2,update=30,op=2,kind=nan')
    const { status, stderr } = await job.ended
    assert.equal(status, 1, stderr)
    assert.match(stderr, /failed: .*NaN/)
    assert.doesNotMatch(stderr, /go on/)
    await job.allGone(5)
  })
})

test('replace: in the second train() of a script a new rank does not do the first again', async t => {
  const folder = temporaryFolder(t)
  const twice = `import { train } from 'pporun'
    for (const seed of [1, 2]) console.log((await train({ seed, totalSteps: 10240 })).paramsHash)`
  const path = script(folder, twice)
  const expected = await run(['-np', '2', '--out', join(folder, 'a'), path])
  const job = pporun(['-np', '3', '--on-failure', 'replace', '--out', join(folder, 'b'), path])
  await until('the second run', () => existsSync(join(folder, 'b-2', 'metrics.jsonl')) || undefined)
  await kill(job, 2)
  await job.prints('rank 2 joined')
  const { status, stdout, stderr } = await job.ended
  assert.equal(status, 0, stderr)
  const hashes = (text: string) => text.match(/^[0-9a-f]{32}$/gm)
  assert.deepEqual(hashes(stdout), hashes(expected.stdout))
})

/** A loop without train(), which counts what it has done. */
const loop = (caught: string) => `
import { connect, GroupChangedError } from 'pporun'
for (const done = new Int32Array(1); done[0] < 300; )
  try {
    const comm = await connect()
    await comm.allreduce(done, 'max')
    for (; done[0] < 300; done[0]++) await comm.barrier()
    await comm.close()
    console.log('size', comm.size)
  } catch (error) {
    if (!(error instanceof ${caught})) throw error
  }`

test('a loop of one’s own that catches GroupChangedError goes on; one that does not ends with the cause', async t => {
  const words = ['-np', '3', '--on-failure', 'shrink', '--fault', 'rank=0,op=100,kind=kill9']
  const folder = temporaryFolder(t)
  const survives = await run([...words, script(folder, loop('GroupChangedError'))])
  assert.deepEqual([survives.status, survives.stdout], [0, 'size 2\n'], survives.stderr)
  const ends = await run([...words, script(folder, loop('RangeError'))])
  assert.equal(ends.status, 137, ends.stderr)
  assert.match(ends.stderr, /rank 0 .* was killed by SIGKILL; rank \d .* does not survive it: train\(\) does/)
})
