/** By every way: asked to end, on the first rank (a learner, a server) and on the last, the job leaves a checkpoint. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { hashIn, options, startIn, stopped } from '../command/stopping.ts'
import { type Running, readLinesOf, run, temporaryFolder } from '../rig.ts'

const ways = [
  ['local', '--average-every', '3', '--average', 'params'],
  ['sampler', '--learners', '2'],
  ['server', '--servers', '2'],
  ['model', '--model-parallel', '2', '--shards', '2'],
]

for (const way of ways)
  test(`${way.join(' ')}: asked to end, it leaves a checkpoint and goes on with the same bits`, async t => {
    const folder = temporaryFolder(t)
    const [whole, broken] = [join(folder, 'whole'), join(folder, 'broken')]
    const words = ['--parallelism', ...way]
    assert.equal((await run(['-np', '4', '--out', whole, 'train', ...options, ...words])).status, 0)
    const start = () => startIn(broken, 4, words)
    const usr1 = (rank: number) => async (job: Running) => void process.kill(await job.rank(rank), 'SIGUSR1')
    assert.match(await stopped(t, broken, start(), usr1(0), 75), /pporun: ended by SIGUSR1 on /)
    assert.match(await stopped(t, broken, start(), usr1(3), 75), /pporun: ended by SIGUSR1 on /)
    const term = (job: Running) => void job.process.kill('SIGTERM')
    assert.match(await stopped(t, broken, start(), term, 75), /pporun: ended by TERM/)
    assert.equal((await start().ended).status, 0)
    assert.equal(hashIn(broken), hashIn(whole))
    assert.equal(readLinesOf(broken, 'metrics.jsonl').length, 600)
  })
