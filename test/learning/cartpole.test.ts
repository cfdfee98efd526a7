import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../rig.ts'
import { trainAndEvaluate } from './trial.ts'

/** CartPole-v1, rl-zoo's settings, 100 000 steps: what the field reaches (500 +- 0) is what we must. */
test('CartPole-v1: median of seeds 1..5 at least 490, the same parameters at np 1 and 2', async t => {
  const folder = temporaryFolder(t)
  const returns: number[] = []
  for (const seed of [1, 2, 3, 4, 5]) {
    const one = await trainAndEvaluate(1, seed, join(folder, `${seed}-1`))
    const two = await trainAndEvaluate(2, seed, join(folder, `${seed}-2`))
    assert.equal(one.paramsHash, two.paramsHash)
    t.diagnostic(
      `seed ${seed}: ${one.meanReturn} (${one.seconds.toFixed(0)} s at np 1, ${two.seconds.toFixed(0)} s at np 2)`,
    )
    returns.push(one.meanReturn)
  }
  const median = returns.toSorted((a, b) => a - b)[2]
  t.diagnostic(`median ${median}`)
  assert.ok(median >= 490, `returns ${returns}`)
})
