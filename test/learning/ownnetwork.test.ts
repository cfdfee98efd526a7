/** A network that a script makes, under the real command: learning, one hash, resume, and what is said without the script. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Evaluation } from '../../src/index.ts'
import { checkout } from '../data.ts'
import { readJson, run, script, temporaryFolder } from '../rig.ts'

const example = join(checkout, 'scripts', 'examples', 'ownnetwork.ts')

interface Run {
  engine: string
  engineChoice: string
  paramsHash: string
  evaluation: Evaluation
}

for (const np of ['1', '2'])
  test(`np ${np}: CartPole-v1 to 475 by a network of the script's own`, async t => {
    const out = join(temporaryFolder(t), 'run')
    const { status, stderr, stdout } = await run(['-np', np, '--out', out, example, '--seed', '2'])
    assert.equal(status, 0, stderr)
    assert.match(stdout, /meanReturn/)
    const { evaluation, engineChoice } = readJson<Run>(out, 'run.json')
    assert.match(engineChoice, /^tfjs-.*: the fastest here for the network 'Shared'/)
    assert.ok(evaluation.meanReturn >= 475, JSON.stringify(evaluation))
  })

const head = (units: string, name: string) =>
  `registerNetwork('Own', (tf, { outputs }) => {
     const w = tf.variable(tf.randomNormal([4, ${units}], 0, 0.5))
     const heads = [outputs, 1].map(n => tf.variable(tf.zeros([${units}, n])))
     const hidden = x => x.matMul(w).tanh()
     return {
       parameters: { ${name}: w, actor: heads[0], critic: heads[1] },
       forward: x => [hidden(x).matMul(heads[0]), hidden(x).matMul(heads[1])],
     }
   })`
const source = (network: string) =>
  `import { registerNetwork, train } from 'pporun'
   ${network}
   await train({ env: 'CartPole-v1', network: 'Own', engine: 'tfjs-wasm', checkpointEvery: 2 })`

test('it goes on from a checkpoint with the same bits, and other parameters are refused', async t => {
  const folder = temporaryFolder(t)
  const own = script(folder, source(head('8', 'hidden')))
  const [whole, begun] = [join(folder, 'whole'), join(folder, 'begun')]
  const start = (out: string, ...words: string[]) => run(['-np', '2', '--out', out, own, ...words])
  // Nothing that depends on the run's end.
  const constant = ['--lr-schedule', 'constant', '--clip-schedule', 'constant', '--update-epochs', '4']
  assert.equal((await start(whole, ...constant, '--total-steps', '2048')).status, 0)
  assert.equal((await start(begun, ...constant, '--total-steps', '1024')).status, 0)
  const { status, stderr } = await start(begun, '--resume', 'auto', '--total-steps', '2048')
  assert.equal(status, 0, stderr)
  const [first, second] = [whole, begun].map(out => readJson<Run>(out, 'run.json').paramsHash)
  assert.equal(first, second)

  script(folder, source(head('8', 'other')))
  const changed = await start(begun, '--resume', 'auto', '--total-steps', '4096')
  assert.equal(changed.status, 2)
  assert.match(
    changed.stderr,
    /^pporun: --resume: the parameters in .* are not those of --network Own as the script makes it now\n$/m,
  )

  const evaluated = await run(['eval', whole])
  assert.equal(evaluated.status, 2)
  assert.match(
    evaluated.stderr,
    /^pporun: .*'Own' is a network that a script has registered; evaluate there: registerNetwork\(.*\n$/,
  )
})
