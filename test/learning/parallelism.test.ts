import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../rig.ts'
import { train } from './trial.ts'

/** Four ranks by every way. Budgets are below the published ones, but for local steps, which need more of them. */
const tasks: [env: string, bar: number, budget: string[]][] = [
  ['CartPole-v1', 475, ['--total-steps', '50000']],
  ['Pendulum-v1', -200, ['--total-steps', '81920', '--batch-size', '128']],
]

for (const [env, bar, budget] of tasks) {
  const ways: [name: string, options: string[]][] = [
    ['local', ['--average-every', '4']],
    ['sampler', budget],
    ['server', budget],
    ['model', [...budget, '--model-parallel', '2', '--shards', '2']],
  ]
  test(`${env} to ${bar} on four ranks by every way`, async t => {
    const folder = temporaryFolder(t)
    const alone = await train(['--env', env, ...budget], 1, join(folder, 'alone'))
    for (const [name, options] of ways) {
      const words = ['--env', env, '--parallelism', name, ...options]
      const trial = await train(words, 4, join(folder, name))
      t.diagnostic(`${name}: ${trial.evaluation.meanReturn.toFixed(1)} in ${trial.seconds.toFixed(0)} s`)
      assert.ok(trial.evaluation.meanReturn >= bar, `${name}: ${JSON.stringify(trial.evaluation)}`)
      if (options === budget) assert.equal(trial.paramsHash, alone.paramsHash, name)
    }
  })
}
