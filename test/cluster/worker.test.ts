import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { checkout } from '../data.ts'
import { freePort, pporun, Running, readJson, run, script, temporaryFolder } from '../rig.ts'

/** Ranks that somebody else's launcher starts find each other, and are one job. */

const TRAIN = ['train', '--total-steps', '1024']
const BIN = join(checkout, 'launcher', 'pporun.mjs')
const WAIT = `
import { connect } from 'pporun'
const comm = await connect()
await comm.barrier()
console.error('under way', comm.rank, comm.localRank, comm.localSize)
setInterval(() => {}, 1000)`

const noMpi = spawnSync('mpirun', ['--version']).error ? 'not installed here: mpirun' : false
const asRoot = process.getuid?.() === 0 ? ['--allow-run-as-root'] : []

async function hashAlone(folder: string): Promise<string> {
  assert.equal((await run(['--out', join(folder, 'alone'), ...TRAIN])).status, 0)
  return hashOf(join(folder, 'alone'))
}
const hashOf = (run: string) => readJson<{ paramsHash: string }>(run, 'run.json').paramsHash

/** Where workers meet over TCP: a port that was free, and a token of this mode. */
async function meeting(t: TestContext, mode = 0o600): Promise<Record<string, string>> {
  const port = await freePort()
  const token = join(temporaryFolder(t), 'token')
  writeFileSync(token, randomBytes(32))
  chmodSync(token, mode)
  return { PPORUN_RENDEZVOUS: `tcp:127.0.0.1:${port}`, PPORUN_TOKEN_FILE: token }
}

test('mpirun: the parameters of one rank, nothing of the meeting left', { skip: noMpi }, async t => {
  const folder = temporaryFolder(t)
  const words = [...asRoot, '--oversubscribe', '-np', '3', process.execPath, BIN, 'worker']
  const job = new Running('mpirun', [...words, '--out', join(folder, 'run'), ...TRAIN])
  const { status, stderr } = await job.ended
  assert.equal(status, 0, stderr)
  assert.equal(hashOf(join(folder, 'run')), await hashAlone(folder))
  assert.deepEqual(
    readdirSync(join(folder, 'run')).filter(name => name.startsWith('.')),
    [],
  )
  await job.allGone(5)
})

for (const [name, variable] of [
  ['torchrun', 'RANK'],
  ['Kubernetes', 'JOB_COMPLETION_INDEX'],
])
  test(`variables as of ${name}, over TCP`, async t => {
    const folder = temporaryFolder(t)
    const common = { ...(await meeting(t)), WORLD_SIZE: '2' }
    const worker = (rank: number) =>
      pporun(['worker', '--out', join(folder, 'run'), ...TRAIN], {
        env: { ...common, [variable]: String(rank) },
      })
    const jobs = [1, 0].map(worker)
    for (const { ended } of jobs) assert.equal((await ended).status, 0, (await ended).stderr)
    assert.equal(hashOf(join(folder, 'run')), await hashAlone(folder))
  })

for (const victim of [0, 1, 2])
  test(`kill -9 of worker ${victim}: the others end within 5 s and say so in their status`, async t => {
    const path = script(temporaryFolder(t), WAIT)
    const TMPDIR = temporaryFolder(t)
    const common = { ...(await meeting(t)), WORLD_SIZE: '3', TMPDIR }
    const jobs = [0, 1, 2].map(rank => pporun(['worker', path], { env: { ...common, RANK: String(rank) } }))
    for (const rank of [0, 1, 2]) await jobs[0].prints(`under way ${rank} ${rank} 3`)
    jobs[victim].process.kill('SIGKILL')
    for (const job of jobs) await job.allGone(5)
    for (const [rank, { ended }] of jobs.entries())
      if (rank !== victim) assert.notEqual((await ended).status, 0)
    assert.deepEqual(readdirSync(TMPDIR), [])
    if (victim !== 0)
      assert.match((await jobs[0].ended).stderr, /the job lost its agent on .*\(its connection ended\)/)
  })

test('TERM to one worker ends all of them', async t => {
  const path = script(temporaryFolder(t), WAIT)
  const common = { ...(await meeting(t)), WORLD_SIZE: '2' }
  const jobs = [0, 1].map(rank => pporun(['worker', path], { env: { ...common, RANK: String(rank) } }))
  await jobs[0].prints('under way 1')
  jobs[1].process.kill('SIGTERM')
  for (const job of jobs) assert.equal((await job.ended).status, 143, (await job.ended).stderr)
})

test('who does not hold the token does not get in, and the job goes on', async t => {
  const path = script(
    temporaryFolder(t),
    `import { connect } from 'pporun'\nawait (await connect()).barrier()\n`,
  )
  const right = { ...(await meeting(t)), WORLD_SIZE: '2' }
  const wrong = { ...right, PPORUN_TOKEN_FILE: (await meeting(t)).PPORUN_TOKEN_FILE }
  const lead = pporun(['worker', path], { env: { ...right, RANK: '0' } })
  const stranger = await run(['worker', '--start-timeout', '2', path], { env: { ...wrong, RANK: '1' } })
  assert.equal(stranger.status, 124)
  assert.match(stranger.stderr, /rank 1 did not find rank 0 at 127.0.0.1:\d+ within --start-timeout 2 s/)
  assert.equal((await run(['worker', path], { env: { ...right, RANK: '1' } })).status, 0)
  assert.equal((await lead.ended).status, 0, (await lead.ended).stderr)
})

test('what cannot be is one sentence, status 2', async t => {
  const open = { ...(await meeting(t, 0o644)), WORLD_SIZE: '2', RANK: '0' }
  const cases: [env: Record<string, string>, message: RegExp][] = [
    [{}, /no rank in the environment/],
    [{ SLURM_PROCID: '0', SLURM_NTASKS: '2' }, /no rank in the environment/], // a batch shell's
    [{ RANK: '0', WORLD_SIZE: '2' }, /workers need a place to meet: --out DIR .* PPORUN_RENDEZVOUS/],
    [{ RANK: '2', WORLD_SIZE: '2' }, /rank 2 of 2 in the environment cannot be/],
    [{ RANK: '0', WORLD_SIZE: '2', PPORUN_RENDEZVOUS: 'udp:x' }, /is file:DIR or tcp:HOST:PORT, not 'udp:x'/],
    [{ RANK: '0', WORLD_SIZE: '2', PPORUN_RENDEZVOUS: 'tcp:h:1' }, /needs PPORUN_TOKEN_FILE/],
    [open, /token can be read by others: chmod 600/],
  ]
  for (const [env, message] of cases) {
    const { status, stderr } = await run(['worker', ...TRAIN], { env })
    assert.equal(status, 2, stderr)
    assert.match(stderr, message)
    assert.equal(stderr.trim().split('\n').length, 1)
  }
})
