/** A member, an actor, a client that dies: with --on-failure shrink the others go on from where they were, and learn. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { pporun, readJson, temporaryFolder } from '../rig.ts'

const poles = 'CartPole-v1:length=0.4,CartPole-v1,CartPole-v1:length=0.6,CartPole-v1:length=0.7'
const ways: Record<string, string[]> = {
  async: [],
  server: ['--async'],
  population: [],
  federated: ['--client-envs', poles],
}

for (const [way, options] of Object.entries(ways))
  test(`${way}: without its last rank`, async t => {
    const out = join(temporaryFolder(t), 'run')
    const launch = ['-np', '4', '--on-failure', 'shrink', '--out', out]
    const job = pporun([...launch, 'train', '--parallelism', way, '--total-steps', '60000', ...options])
    const victim = await job.rank(3)
    await job.prints('SPS') // and not after some updates of its own: beside the others it may make few
    process.kill(victim, 'SIGKILL')
    const { status, stderr } = await job.ended
    assert.equal(status, 0, stderr)
    assert.match(stderr, /rank 3 \(.*\) was killed by SIGKILL; 3 ranks go on/)
    const { evaluation } = readJson<{ evaluation: { meanReturn: number } }>(out, 'run.json')
    assert.ok(evaluation.meanReturn > 300, `${evaluation.meanReturn}`)
  })
