import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { readJson, run, temporaryFolder } from '../rig.ts'

test('--verbose: the steps of the start in their order, and what run.json says was chosen', async t => {
  const out = join(temporaryFolder(t), 'run')
  const words = ['-np', '2', '--verbose', '--out', out, 'train', '--total-steps', '256']
  const { status, stderr } = await run(words)
  assert.equal(status, 0, stderr)
  const steps = [...stderr.matchAll(/^pporun: (\d+\.\d\d) s: (.*)$/gm)]
  const seconds = steps.map(([, at]) => Number(at))
  assert.deepEqual(
    seconds,
    seconds.toSorted((a, b) => a - b),
  )
  const { engine, transport, allreduce } = readJson<Record<string, string>>(out, 'run.json')
  const expected = [
    /^2 ranks on 1 host, by slot$/,
    /^ +host +by +slots +ranks +GPUs$/,
    /local +2 +0-1/,
    /train\.ts bundled$/,
    /^an agent runs on every host$/,
    /^all ranks run$/,
    /^all ranks know each other$/,
    new RegExp(
      `^training: engine ${engine}, transport ${transport.replace('+', '\\+')}, allreduce ${allreduce}$`,
    ),
  ]
  assert.equal(steps.length, expected.length, stderr)
  for (const [i, [, , text]] of steps.entries()) assert.match(text, expected[i])
})
