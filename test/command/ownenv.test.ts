/** An environment of the script's own, trained under the real command. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkout } from '../data.ts'
import { readJson, run, script, temporaryFolder } from '../rig.ts'

test('an environment that a script registers is trained, with the same bits at np 1 and 3', async t => {
  const folder = temporaryFolder(t)
  const example = join(checkout, 'scripts', 'examples', 'ownenv.ts')
  const hashes = []
  for (const np of ['1', '3']) {
    const out = join(folder, np)
    const { status, stderr } = await run(['-np', np, '--out', out, example, '--total-steps', '2048'])
    assert.equal(status, 0, stderr)
    hashes.push(readJson<{ paramsHash: string }>(out, 'run.json').paramsHash)
  }
  assert.equal(hashes[0], hashes[1])
  const { status, stderr } = await run(['eval', join(folder, '1')])
  assert.equal(status, 2)
  assert.match(
    stderr,
    /^pporun: .* is an environment that a script has registered; evaluate there: registerEnv\(.*\n$/,
  )
})

test('a trace through pporun’s own code names its sources, not the bundle', async t => {
  const source = `
import { makeEnv, registerEnv, train } from 'pporun'
registerEnv('Throws-v0', () => {
  const env = makeEnv('CartPole-v1')
  let left = 100
  const step = action => {
    if (--left === 0) throw new Error('on purpose')
    return env.step(action)
  }
  return { ...env, observationSpace: env.observationSpace, actionSpace: env.actionSpace, reset: o => env.reset(o), step }
})
await train({ env: 'Throws-v0', totalSteps: 4096 })`
  const { status, stderr } = await run([script(temporaryFolder(t), source)])
  assert.equal(status, 1)
  assert.match(stderr, /^Error: on purpose\n +at .*script\.ts:7:\d+/m)
  const sources = [...stderr.matchAll(/\((\S+src\/\w+\/\w+\.ts):(\d+):\d+\)/g)]
  assert.ok(sources.length >= 2, stderr)
  for (const [, path, line] of sources)
    assert.ok(readFileSync(path, 'utf8').split('\n').length >= Number(line), `${path}:${line}`)
  assert.doesNotMatch(stderr, /bundle/)
})
