import assert from 'node:assert/strict'
import { constants } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
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

  test('Ctrl-Z for longer than a host may be silent: the job goes on', async () => {
    const path = script(
      cluster().folder,
      `import { connect } from 'pporun'\nconst comm = await connect()\nconsole.log('under way')\nawait new Promise(resolve => setTimeout(resolve, 14_000))\nawait comm.barrier()\nconsole.log('done')\n`,
    )
    const job = cluster().pporun(['-H', 'n1,n2', path])
    await job.prints('under way', 20)
    job.process.kill('SIGTSTP')
    await new Promise(resolve => setTimeout(resolve, 11_000))
    job.process.kill('SIGCONT')
    const { status, stdout, stderr } = await job.ended
    assert.equal(status, 0, stderr)
    assert.match(stdout, /done/)
    await cluster().quiet(5)
  })

  for (const signal of ['SIGUSR1', 'SIGINT'] as const)
    test(`${signal} to the launcher ends the ranks on all hosts`, async () => {
      const path = script(
        cluster().folder,
        `console.error('under way', process.env.PPORUN_RANK)\nsetInterval(() => {}, 1000)\n`,
      )
      const job = cluster().pporun(['-H', 'login,n1,n2', path])
      for (const rank of [0, 1, 2]) await job.prints(`under way ${rank}`, 20)
      job.process.kill(signal)
      assert.equal((await job.ended).status, 128 + constants.signals[signal])
      await cluster().quiet(5)
    })
})
