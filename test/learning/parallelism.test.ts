import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../rig.ts'
import { train } from './trial.ts'

/** Four ranks by every way. Budgets are below the published ones: it is to learn, not to be the best. */
const ways = [['local', '--average-every', '4'], ['sampler'], ['server'], ['model', '--shards', '1']]
const tasks: [bar: number, options: string[]][] = [
  [475, ['--env', 'CartPole-v1', '--total-steps', '50000']],
  [-200, ['--env', 'Pendulum-v1', '--total-steps', '81920', '--batch-size', '128']],
]

for (const [bar, options] of tasks)
  test(`${options[1]} to ${bar} on four ranks by every way`, async t => {
    const folder = temporaryFolder(t)
    const hashes = new Map<string, string>()
    for (const [name, ...way] of ways) {
      const trial = await train([...options, '--parallelism', name, ...way], 4, join(folder, name))
      hashes.set(name, trial.paramsHash)
      t.diagnostic(`${name}: ${trial.evaluation.meanReturn.toFixed(1)} in ${trial.seconds.toFixed(0)} s`)
      assert.ok(trial.evaluation.meanReturn >= bar, `${name}: ${JSON.stringify(trial.evaluation)}`)
    }
    const alone = await train(options, 1, join(folder, 'alone'))
    for (const name of ['sampler', 'server']) assert.equal(hashes.get(name), alone.paramsHash, name)
  })
