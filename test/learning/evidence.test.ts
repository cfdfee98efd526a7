/** What ways that are not lockstep are for: each beside the same training without it. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { evaluate } from '../../src/index.ts'
import { readJson, readLinesOf, temporaryFolder } from '../rig.ts'
import { train } from './trial.ts'

test('policies kept back by 20 updates: V-trace learns CartPole, and what is not corrected learns worse', async t => {
  const folder = temporaryFolder(t)
  const constant = ['--lr-schedule', 'constant', '--clip-schedule', 'constant', '--total-steps', '120000']
  const late = ['--parallelism', 'async', '--lag', '20', '--max-staleness', '4', ...constant]
  const finals: Record<string, number[]> = { vtrace: [], none: [] }
  for (const seed of [0, 1, 2])
    for (const correction of ['vtrace', 'none']) {
      const out = join(folder, `${correction}-${seed}`)
      const { meanReturn100 } = await train(
        [...late, '--correction', correction, '--seed', `${seed}`],
        3,
        out,
      )
      const updates = readLinesOf<Record<string, number>>(out, 'metrics.jsonl')
      assert.ok(updates.slice(40).every(update => update['staleness/mean'] >= 20))
      finals[correction].push(meanReturn100)
    }
  t.diagnostic(JSON.stringify(finals))
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  assert.ok(finals.vtrace.every(value => value >= 475))
  assert.ok(mean(finals.none) < 0.9 * mean(finals.vtrace))
})

test('a population mends a learning rate with which nobody learns alone', async t => {
  const folder = temporaryFolder(t)
  const bad = ['--learning-rate', '3e-6', '--lr-schedule', 'constant', '--total-steps', '150000']
  const alone = await train(bad, 1, join(folder, 'alone'))
  const together = await train(
    ['--parallelism', 'population', '--explore', '2', ...bad],
    4,
    join(folder, 'all'),
  )
  t.diagnostic(`${alone.evaluation.meanReturn} alone, ${together.evaluation.meanReturn} in a population`)
  assert.ok(alone.evaluation.meanReturn < 200 && together.evaluation.meanReturn >= 475)
  const { lineage } = readJson<{ lineage: unknown[] }>(folder, 'all', 'run.json')
  assert.ok(lineage.length > 3)
})

test('four clients, half of them dropping out of each round: one policy for all poles, which none finds alone', async t => {
  const folder = temporaryFolder(t)
  const poles = [0.1, 0.25, 0.5, 1].map(length => `CartPole-v1:length=${length}`)
  const way = ['--parallelism', 'federated', '--secure', '--client-envs', poles.join(), '--dropout', '0.5']
  const rows = ['--num-envs', '16', '--num-steps', '128', '--batch-size', '512', '--total-steps', '400000']
  await train([...way, ...rows], 4, join(folder, 'all'))
  const { clients } = readJson<{ clients: { meanReturn: number }[] }>(folder, 'all', 'run.json')
  t.diagnostic(`together: ${clients.map(({ meanReturn }) => meanReturn.toFixed(0))}`)
  assert.ok(clients.every(({ meanReturn }) => meanReturn >= 475))
  // A client's own part of the same.
  const part = ['--num-envs', '4', '--num-steps', '128', '--batch-size', '128', '--total-steps', '100000']
  for (const own of poles) {
    const out = join(folder, own)
    await train(['--env', own, ...part], 1, out)
    const returns = await Promise.all(poles.map(async env => (await evaluate(out, { env })).meanReturn))
    t.diagnostic(`${own}: ${returns.map(meanReturn => meanReturn.toFixed(0))}`)
    assert.ok(Math.min(...returns) < 300, own)
  }
})
