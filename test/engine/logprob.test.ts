import assert from 'node:assert/strict'
import { test } from 'node:test'
import { logProbsOf } from '../../src/engine/heads/logprob.ts'
import { initialParameters } from '../../src/engine/init.ts'
import { layoutOf, type Network } from '../../src/engine/layout.ts'
import { ReferenceEngine } from '../../src/engine/reference/reference.ts'

const ROWS = 40

for (const distribution of ['categorical', 'gaussian'] as const)
  test(`${distribution}: what act() says of its own actions`, async () => {
    const network: Network = {
      ...{ observationSize: 3, hidden: [8], activation: 'tanh', sharedTrunk: false },
      ...{ distribution, numActions: 3 },
    }
    const layout = layoutOf(network)
    const engine = new ReferenceEngine(layout)
    engine.setParameters(initialParameters(layout, 4).map((x, i) => x + Math.sin(i)))
    const observations = Float32Array.from({ length: 3 * ROWS }, (_, i) => Math.cos(i))
    const acted = await engine.act(observations, ROWS, { seed: 1, firstEnv: 0, step: 0 })
    const out = new Float32Array(ROWS)
    logProbsOf(network, acted.distributions, acted.actions, out)
    for (let row = 0; row < ROWS; row++)
      assert.ok(Math.abs(out[row] - acted.logProbs[row]) < 1e-5 * Math.max(1, Math.abs(out[row])))
  })
