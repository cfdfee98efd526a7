/** Ranks that do not wait for each other learn, four of them by every way. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../rig.ts'
import { train } from './trial.ts'

const pendulum = ['--env', 'Pendulum-v1']
/** With a rate that stays a run ends now a little better, now worse. */
const calm = ['--lr-schedule', 'linear', '--batch-size', '128', '--total-steps', '122880']
/** A worker's part of a minibatch moves its part of the rate. */
const quick = [...calm, '--learning-rate', '2e-3', '--total-steps', '163840']
/** Of a client's few environments many steps: its updates are the better averaged. */
const federated = ['--num-envs', '32', '--batch-size', '512', '--total-steps', '327680']

const tasks: [name: string, bar: number, options: string[]][] = [
  ['async, CartPole', 475, ['--parallelism', 'async', '--total-steps', '80000']],
  ['async, Pendulum', -200, ['--parallelism', 'async', ...pendulum, ...calm, '--total-steps', '204800']],
  ['server --async, CartPole', 475, ['--parallelism', 'server', '--async']],
  ['server --async, Pendulum', -200, ['--parallelism', 'server', '--async', ...pendulum, ...quick]],
  ['population, CartPole', 475, ['--parallelism', 'population', '--total-steps', '50000']],
  ['population, Pendulum', -200, ['--parallelism', 'population', '--spread', '3', ...pendulum, ...calm]],
  ['federated, CartPole', 475, ['--parallelism', 'federated', '--secure']],
  ['federated, Pendulum', -200, ['--parallelism', 'federated', '--secure', ...pendulum, ...federated]],
]

for (const [name, bar, options] of tasks)
  test(`${name} to ${bar} on four ranks`, async t => {
    const { evaluation, seconds } = await train(options, 4, join(temporaryFolder(t), 'run'))
    t.diagnostic(`${evaluation.meanReturn.toFixed(1)} in ${seconds.toFixed(0)} s`)
    assert.ok(evaluation.meanReturn >= bar, JSON.stringify(evaluation))
  })
