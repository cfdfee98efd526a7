import assert from 'node:assert/strict'
import { constants } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkout } from '../data.ts'
import { readJson, run, script } from '../rig.ts'
import { onCluster } from './cluster.ts'

const TRAIN = ['train', '--total-steps', '4096']

onCluster('over ssh', ['login', 'n1', 'n2', 'n3'], cluster => {
  test('four hosts give the parameters of one rank on one', async () => {
    const { folder } = cluster()
    const alone = join(folder, 'alone')
    assert.equal((await run(['--out', alone, ...TRAIN])).status, 0)
    const out = join(folder, 'four')
    const { status, stderr } = await cluster().pporun(['-H', 'login,n1,n2,n3', '--out', out, ...TRAIN]).ended
    assert.equal(status, 0, stderr)
    const hash = (run: string) => readJson<{ paramsHash: string }>(run, 'run.json').paramsHash
    assert.equal(hash(out), hash(alone))
    await cluster().quiet(5)
  })

  test('Ctrl-Z, or Ctrl-S with much to print, for longer than a host may be silent: the job goes on', async () => {
    const path = script(
      cluster().folder,
      `import { connect } from 'pporun'
const comm = await connect()
console.log('under way')
for (let i = 0; i < 1000; i++) console.log('x'.repeat(999))
await new Promise(resolve => setTimeout(resolve, 14_000))
await comm.barrier()
console.log('done')`,
    )
    const words = ['-H', 'n1,n2', path]
    const suspended = cluster().pporun(words)
    const command = [process.execPath, join(checkout, 'launcher', 'pporun.mjs'), ...words].join(' ')
    const blocked = cluster().login.start('script', ['-qefc', command, '/dev/null'], {
      cwd: cluster().folder,
    })
    await Promise.all([suspended, blocked].map(job => job.prints('under way')))
    suspended.process.kill('SIGTSTP')
    blocked.process.stdout!.pause()
    await new Promise(resolve => setTimeout(resolve, 11_000))
    suspended.process.kill('SIGCONT')
    blocked.process.stdout!.resume()
    for (const { ended } of [suspended, blocked]) {
      const { status, stdout, stderr } = await ended
      assert.equal(status, 0, stderr + stdout.slice(-1000))
      assert.match(stdout, /done/)
    }
    await cluster().quiet(5)
  })

  for (const signal of ['SIGUSR1', 'SIGINT'] as const)
    test(`${signal} to the launcher ends the ranks on all hosts`, async () => {
      const path = script(
        cluster().folder,
        `console.error('under way', process.env.PPORUN_RANK)\nsetInterval(() => {}, 1000)\n`,
      )
      const job = cluster().pporun(['-H', 'login,n1,n2', path])
      for (const rank of [0, 1, 2]) await job.prints(`under way ${rank}`)
      job.process.kill(signal)
      assert.equal((await job.ended).status, 128 + constants.signals[signal])
      await cluster().quiet(5)
    })
})
