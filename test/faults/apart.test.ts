/** Ways that are not lockstep: whoever is killed is named, nothing is left, and the run goes on from its checkpoint. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { pporun, readJson, readLinesOf, run, temporaryFolder, until } from '../rig.ts'

const TRAIN = ['train', '--total-steps', '15360', '--checkpoint-every', '4', '--update-epochs', '4']

/** The first rank and the last: learner and actor, server and worker, two members, aggregator and client. */
const ways = [
  ['async'],
  ['server', '--async'],
  ['server', '--async', '--servers', '2'],
  ['population'],
  ['federated', '--secure'],
]

for (const way of ways)
  for (const victim of [0, 3])
    test(`${way.join(' ')}: rank ${victim} is killed, and the run resumed`, async t => {
      const out = join(temporaryFolder(t), 'run')
      const words = ['-np', '4', '--out', out, ...TRAIN, '--parallelism', ...way]
      const job = pporun(words)
      const pid = await job.rank(victim)
      await until('a checkpoint', () => existsSync(join(out, 'checkpoints', 'latest')) || undefined)
      process.kill(pid, 'SIGKILL')
      const killed = performance.now()
      const { status, stderr } = await job.ended
      t.diagnostic(`${((performance.now() - killed) / 1000).toFixed(1)} s to the end`)
      assert.equal(status, 137, stderr)
      assert.match(stderr, new RegExp(`rank ${victim} \\(.*\\) was killed by SIGKILL`))
      assert.equal(readJson<{ cause: { rank: number } }>(out, 'run.json').cause.rank, victim)
      await job.allGone(5)
      const rest = await run([...words, '--resume', 'auto'])
      assert.equal(rest.status, 0, rest.stderr)
      const updates = readLinesOf<{ update: number }>(out, 'metrics.jsonl')
      assert.deepEqual(
        updates.map(({ update }) => update),
        Array.from({ length: 60 }, (_, i) => i + 1),
      )
    })
