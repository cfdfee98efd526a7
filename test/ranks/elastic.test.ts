import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { readJson, run, temporaryFolder } from '../rig.ts'

const train = ['train', '--total-steps', '5120']

interface RunFile {
  paramsHash: string
  recoveries: { update: number; lost: { rank: number }[]; np: number }[]
}

test('ranks are lost, the job goes on without them: the bits of an undisturbed run', async t => {
  const folder = temporaryFolder(t)
  const faults = ['rank=0,update=8,op=2,kind=kill9', 'rank=2,update=12,op=9,kind=exit']
  const words = ['-np', '3', '--on-failure', 'shrink', ...faults.flatMap(fault => ['--fault', fault])]
  const { status, stderr } = await run([...words, '--out', join(folder, 'run'), ...train])
  assert.equal(status, 0, stderr)
  await run(['--out', join(folder, 'undisturbed'), ...train])
  const { paramsHash, recoveries } = readJson<RunFile>(folder, 'run', 'run.json')
  assert.equal(paramsHash, readJson<RunFile>(folder, 'undisturbed', 'run.json').paramsHash)
  assert.deepEqual(
    recoveries.map(({ lost, np }) => [lost[0].rank, np]),
    [
      [0, 2],
      [2, 1],
    ],
  )
  // The newest commit that all who are left hold; when there was one depends on the clock.
  const [first, second] = recoveries.map(({ update }) => update)
  assert.ok(first >= 1 && first <= 7 && second > first && second <= 11, `${first}, ${second}`)
})
