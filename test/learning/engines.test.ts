/** CartPole on every engine that runs here, alone and on two ranks; and the pixels of Catch-v0 by convolutions. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { libtensorflowEngines, libtensorflowFolder } from '../../src/base/libtensorflow.ts'
import { temporaryFolder } from '../rig.ts'
import { whyNoAdapter } from '../webgpu/adapter.ts'
import { train } from './trial.ts'

const installed = libtensorflowEngines.filter(engine => existsSync(libtensorflowFolder(engine)))

for (const engine of ['native', 'wasm', 'tfjs-wasm', ...installed])
  for (const np of [1, 2])
    test(`${engine}, np ${np}: CartPole-v1 to 475`, async t => {
      const { evaluation } = await train(
        ['--engine', engine, '--seed', '2'],
        np,
        join(temporaryFolder(t), 'run'),
      )
      assert.ok(evaluation.meanReturn >= 475, JSON.stringify(evaluation))
    })

// The preset's budget takes these ten minutes, webgpu where software is in place of a GPU: 40 % of it are enough.
const noAdapter = await whyNoAdapter()
for (const [engine, skip] of [
  ['tfjs-cpu', null],
  ['webgpu', noAdapter],
] as const)
  for (const np of [1, 2])
    test(
      `${engine}, np ${np}: CartPole-v1 to 475 in 40 960 steps`,
      skip === null ? {} : { skip },
      async t => {
        const words = ['--engine', engine, '--seed', '2', '--total-steps', '40960']
        const { evaluation } = await train(words, np, join(temporaryFolder(t), 'run'))
        assert.ok(evaluation.meanReturn >= 475, JSON.stringify(evaluation))
      },
    )

for (const engine of installed)
  test(`${engine}, np 2: Catch-v0, from pixels, to 4.5 of 5`, async t => {
    const words = ['--env', 'Catch-v0', '--engine', engine, '--seed', '1']
    const { evaluation } = await train(words, 2, join(temporaryFolder(t), 'run'))
    assert.ok(evaluation.meanReturn >= 4.5, JSON.stringify(evaluation))
  })
