import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Row, rows, seeds } from '../../scripts/benchmark/results/rows.ts'
import { temporaryFolder } from '../rig.ts'
import { evaluate, type Trial, train } from './trial.ts'

/** The rows of the published table: medians over the seeds, the same parameters at np 2, the same policy on disk. */
for (const row of rows)
  test(`${row.name}: median of seeds ${seeds.join(', ')} at least ${row.bar}`, async t => {
    const folder = temporaryFolder(t)
    const trained = (seed: number, np: number) =>
      train([...row.options, '--seed', String(seed)], np, join(folder, `${seed}-${np}`))
    const first = await trained(seeds[0], 2)
    assert.deepEqual(await evaluate(join(folder, `${seeds[0]}-2`)), first.evaluation)
    const trials = await twoAtATime(seeds.map(seed => () => trained(seed, 1)))
    assert.equal(trials[0].paramsHash, first.paramsHash)
    const values = trials.map(trial => reached(row, trial))
    const seconds = trials.map(trial => trial.seconds.toFixed(0))
    t.diagnostic(`${values.map(value => value.toFixed(1)).join(', ')} in ${seconds.join(', ')} s`)
    const median = values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
    assert.ok(median >= row.bar, `median ${median}`)
  })

const reached = ({ measure }: Row, { meanReturn100, evaluation }: Trial): number =>
  measure === 'training' ? meanReturn100 : evaluation.meanReturn

/** Runs the tasks on two cores; results in their order. */
async function twoAtATime<T>(tasks: readonly (() => Promise<T>)[]): Promise<T[]> {
  const results: T[] = []
  let next = 0
  const worker = async () => {
    while (next < tasks.length) {
      const i = next++
      results[i] = await tasks[i]()
    }
  }
  await Promise.all([worker(), worker()])
  return results
}
