/** Conformance of act() and values(). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { normal, Purpose } from '../../src/base/math/streams.ts'
import type { Acted, Engine } from '../../src/engine/engine.ts'
import type { Layout } from '../../src/engine/layout.ts'
import type { MakeEngine } from './conformance.ts'
import { near } from './near.ts'
import { gaussian, oddLayout, randomParameters } from './random.ts'

const layout = oddLayout()
const { observationSize, numActions } = layout.network
const gaussianLayout = oddLayout({ distribution: 'gaussian', sharedTrunk: true })

export function actingConformance(make: MakeEngine): void {
  const prepare = (network: Layout = layout): Engine => {
    const engine = make(network)
    engine.setParameters(randomParameters(network, 7))
    return engine
  }

  for (const network of [layout, gaussianLayout])
    for (const greedy of [false, true])
      test(`a ${network.network.distribution} row's bits do not depend on the other rows (${greedy ? 'mode' : 'sampled'})`, async () => {
        const engine = prepare(network)
        engine.setNormalizer(normalizer)
        const n = 67
        const observations = gaussian(n * observationSize, 1)
        const streams = (firstEnv: number) => (greedy ? null : { seed: 3, firstEnv, step: 11 })
        const all = copyOf(await engine.act(observations, n, streams(0)))
        for (let row = 0; row < n; row++) {
          const one = observations.slice(row * observationSize, (row + 1) * observationSize)
          const alone = copyOf(await engine.act(one, 1, streams(row)))
          assert.deepEqual(alone, rowOf(all, row, n))
          assert.equal((await engine.values(one, 1))[0], all.values[row])
        }
      })

  test('the networks see normalised observations, which act() returns', async () => {
    const engine = prepare()
    const raw = gaussian(5 * observationSize, 1).map(x => 1e3 * x + 1e4)
    const seen = raw.map((x, i) => {
      const { mean, scale, clip } = normalizer
      const k = i % observationSize
      return Math.max(-clip, Math.min(clip, (x - mean[k]) * scale[k]))
    })
    engine.setNormalizer(normalizer)
    const acted = copyOf(await engine.act(raw, 5, null))
    const values = (await engine.values(raw, 5)).slice()
    engine.setNormalizer(null)
    const plain = copyOf(await engine.act(seen, 5, null))
    assert.deepEqual(acted, plain)
    assert.deepEqual(values, plain.values)
    assert.deepEqual(acted.observations, seen)
    assert.ok(seen.includes(normalizer.clip) || seen.includes(-normalizer.clip))
  })

  for (const bad of [Number.NaN, Infinity])
    test(`the first row with ${bad} in its observation is named, clipped or not`, async () => {
      const engine = prepare()
      const observations = gaussian(40 * observationSize, 1)
      assert.equal((await engine.act(observations, 40, null)).nonFiniteRow, -1)
      observations[36 * observationSize + 1] = bad
      observations[38 * observationSize] = bad
      for (const each of [null, normalizer]) {
        engine.setNormalizer(each)
        assert.equal((await engine.act(observations, 40, null)).nonFiniteRow, 36)
        assert.equal((await engine.act(observations, 36, null)).nonFiniteRow, -1)
      }
    })

  test('Gaussian samples have the mean and the deviation that they say, and that density', async () => {
    const engine = prepare(gaussianLayout)
    const n = 2000
    const observations = new Float32Array(n * observationSize).fill(0.3)
    const streams = { seed: 5, firstEnv: 8, step: 3 }
    const { actions, logProbs, distributions } = await engine.act(observations, n, streams)
    for (let j = 0; j < numActions; j++) {
      const [mean, std] = [distributions[j], Math.exp(distributions[numActions + j])]
      const z = Array.from({ length: n }, (_, row) => (actions[row * numActions + j] - mean) / std)
      near(z.reduce((sum, x) => sum + x) / n, 0, 4 / Math.sqrt(n))
      near(z.reduce((sum, x) => sum + x * x) / n, 1, 4 * Math.sqrt(2 / n))
      near(z[0], normal(5, Purpose.action, 8, 3, j), 1e-5)
    }
    for (let row = 0; row < n; row++) {
      let logProb = 0
      for (let j = 0; j < numActions; j++) {
        const [mean, logStd] = [distributions[j], distributions[numActions + j]]
        const z = (actions[row * numActions + j] - mean) / Math.exp(logStd)
        logProb -= 0.5 * z * z + logStd + 0.5 * Math.log(2 * Math.PI)
      }
      near(logProbs[row], logProb, 5e-6 * Math.max(1, Math.abs(logProb)))
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

/** With a clip that some observations reach. */
const normalizer = {
  mean: Float64Array.of(9e3, 1.1e4, 1e4),
  scale: Float64Array.of(1e-3, 2e-3, 1 / 3e3),
  clip: 1.5,
}

function copyOf(acted: Acted): Acted {
  return structuredClone(acted)
}

function rowOf({ nonFiniteRow, ...arrays }: Acted, row: number, n: number): Acted {
  const part = (array: Float32Array | Int32Array) =>
    array.slice((row * array.length) / n, ((row + 1) * array.length) / n)
  const rows = Object.entries(arrays).map(([name, array]) => [name, part(array)])
  return { ...Object.fromEntries(rows), nonFiniteRow } as Acted
}
