/** Conformance of act() and values(). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Acted, Engine } from '../../src/engine/engine.ts'
import type { MakeEngine } from './conformance.ts'
import { near } from './near.ts'
import { gaussian, oddLayout, randomParameters } from './random.ts'

const layout = oddLayout('tanh')
const { observationSize, numActions } = layout.network

export function actingConformance(make: MakeEngine): void {
  const prepare = (): Engine => {
    const engine = make(layout)
    engine.setParameters(randomParameters(layout, 7))
    return engine
  }

  for (const greedy of [false, true])
    test(`a row's bits do not depend on the other rows (${greedy ? 'mode' : 'sampled'})`, async () => {
      const engine = prepare()
      const n = 67
      const observations = gaussian(n * observationSize, 1)
      const streams = (firstEnv: number) => (greedy ? null : { seed: 3, firstEnv, step: 11 })
      const all = copyOf(await engine.act(observations, n, streams(0)))
      for (let row = 0; row < n; row++) {
        const one = observations.slice(row * observationSize, (row + 1) * observationSize)
        const alone = copyOf(await engine.act(one, 1, streams(row)))
        const values = await engine.values(one, 1)
        assert.deepEqual(alone, {
          actions: all.actions.slice(row, row + 1),
          logProbs: all.logProbs.slice(row, row + 1),
          values: all.values.slice(row, row + 1),
        })
        assert.equal(values[0], all.values[row])
      }
    })

  test('only the first n rows are read and returned', async () => {
    const observations = gaussian(4 * observationSize, 1)
    const { actions, logProbs, values } = await prepare().act(observations, 2, null)
    assert.deepEqual([actions.length, logProbs.length, values.length], [2, 2, 2])
  })

  test('sampled frequencies follow the probabilities', async () => {
    const engine = prepare()
    const [rows, steps] = [50, 400]
    const observations = new Float32Array(rows * observationSize).fill(0.3)
    const counts = new Float64Array(numActions)
    const probabilities = new Float64Array(numActions)
    for (let step = 0; step < steps; step++) {
      const { actions, logProbs } = await engine.act(observations, rows, { seed: 5, firstEnv: 8, step })
      actions.forEach((action, row) => {
        counts[action]++
        probabilities[action] = Math.exp(logProbs[row])
      })
    }
    near(
      probabilities.reduce((sum, p) => sum + p),
      1,
      1e-6,
    )
    const n = rows * steps
    probabilities.forEach((p, action) => {
      near(counts[action] / n, p, 4 * Math.sqrt((p * (1 - p)) / n))
    })
  })

  test('samples are functions of seed, environment and step', async () => {
    const engine = prepare()
    const observations = new Float32Array(64 * observationSize)
    const sample = async (seed: number, step: number) =>
      [...(await engine.act(observations, 64, { seed, firstEnv: 0, step })).actions].join('')
    const first = await sample(1, 1)
    assert.notEqual(await sample(2, 1), first)
    assert.notEqual(await sample(1, 2), first)
    assert.equal(await sample(1, 1), first)
  })

  test('the mode is the first maximum', async () => {
    const engine = make(layout)
    const head = layout.tensors.find(({ name }) => name === 'actor.2.bias')?.offset as number
    const observations = gaussian(observationSize, 1)
    for (const [biases, mode] of [
      [[0, 0, 0], 0],
      [[-1, 2, 2], 1],
      [[1, 2, 3], 2],
    ] as const) {
      const parameters = new Float32Array(layout.size)
      parameters.set(biases, head)
      engine.setParameters(parameters)
      assert.equal((await engine.act(observations, 1, null)).actions[0], mode)
    }
  })
}

function copyOf({ actions, logProbs, values }: Acted): Acted {
  return { actions: actions.slice(), logProbs: logProbs.slice(), values: values.slice() }
}
