import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { pporun, readJson, run, temporaryFolder, until } from '../rig.ts'

const TRAIN = ['train', '--total-steps', '15360', '--checkpoint-every', '4', '--update-epochs', '4']

/** By every way, the first rank and the last: server and worker, learner and sampler, both ends of a team. */
const ways = [
  ['local', '--average-every', '3', '--average', 'params'],
  ['sampler'],
  ['server'],
  ['server', '--servers', '2'],
  ['model', '--model-parallel', '2'],
]

for (const [name, ...way] of ways)
  test(`${[name, ...way].join(' ')}: any rank's death ends the job, and what is left goes on`, async t => {
    const folder = temporaryFolder(t)
    const command = ['-np', '4', '--out']
    const options = [...TRAIN, '--parallelism', name, ...way]
    const whole = join(folder, 'whole')
    assert.equal((await run([...command, whole, ...options])).status, 0)
    for (const victim of [0, 3]) {
      const out = join(folder, `${victim}`)
      const job = pporun([...command, out, ...options])
      const pid = await job.rank(victim)
      await until('a checkpoint', () => existsSync(join(out, 'checkpoints', 'latest')) || undefined, 30)
      process.kill(pid, 'SIGKILL')
      const killed = performance.now()
      const { status, stderr } = await job.ended
      const seconds = (performance.now() - killed) / 1000
      t.diagnostic(`rank ${victim}: ${seconds.toFixed(1)} s to the end`)
      assert.equal(status, 137, stderr)
      assert.match(stderr, new RegExp(`rank ${victim} \\(.*\\) was killed by SIGKILL`))
      await job.allGone(5)
      const rest = await run([...command, out, ...options, '--resume', 'auto'])
      assert.equal(rest.status, 0, rest.stderr)
      assert.equal(hashOf(out), hashOf(whole))
      assert.equal(readFileSync(join(out, 'metrics.jsonl'), 'utf8').trim().split('\n').length, 60)
    }
  })

for (const name of ['local', 'sampler', 'server', 'model'])
  test(`${name}: three ranks go on without the first`, async t => {
    const folder = temporaryFolder(t)
    const [out, alone] = [join(folder, 'shrunk'), join(folder, 'alone')]
    const options = [...TRAIN, '--total-steps', '7680']
    const way = ['--parallelism', name]
    const job = pporun(['-np', '4', '--on-failure', 'shrink', '--out', out, ...options, ...way])
    const pid = await job.rank(0)
    await until('a checkpoint', () => existsSync(join(out, 'checkpoints', 'latest')) || undefined, 30)
    process.kill(pid, 'SIGKILL')
    const { status, stderr } = await job.ended
    assert.equal(status, 0, stderr)
    assert.match(stderr, /was killed by SIGKILL/)
    await job.allGone(5)
    if (name !== 'sampler' && name !== 'server') return
    assert.equal((await run(['--out', alone, ...options])).status, 0)
    assert.equal(hashOf(out), hashOf(alone))
  })

const hashOf = (out: string): string => readJson<{ paramsHash: string }>(out, 'run.json').paramsHash
