/** CartPole's kernel against its twin, DynamicsBatch: every build that runs here. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PporunError } from '../../src/base/errors.ts'
import { Purpose, uniform } from '../../src/base/math/streams.ts'
import { DynamicsBatch } from '../../src/env/batch.ts'
import { cartPole } from '../../src/env/cartpole.ts'
import { CartPoleBatch } from '../../src/env/kernels/batch.ts'
import { type Load, loadNative, loadWasm } from '../../src/env/kernels/load.ts'
import type { VectorEnv } from '../../src/env/vectorenv.ts'

const builds: Record<string, Load> = { wasm: loadWasm }
if (loadNative(64)) builds.native = loadNative

/** Everything that a step says, final observations where they are valid, and the state. */
function contentsOf(envs: VectorEnv): unknown[] {
  const { observations, finalObservations, rewards, terminated, truncated } = envs
  const ended = finalObservations.filter((_, k) => terminated[k >> 2] || truncated[k >> 2])
  return [observations, ended, rewards, terminated, truncated, envs.save!()].map(array => [...array])
}

/** Pushes towards the fall, at random, or away from it by row: so episodes of all lengths. */
function actionsOf({ observations, numEnvs }: VectorEnv, step: number): Int32Array {
  return Int32Array.from({ length: numEnvs }, (_, i) => {
    const lean = observations[4 * i + 2] + 0.3 * observations[4 * i + 3] + 0.05 * observations[4 * i]
    return i % 2 ? Number(uniform(1, Purpose.action, i, step, 0) < 0.5) : Number(lean > 0)
  })
}

for (const [name, load] of Object.entries(builds)) {
  for (const numEnvs of [1, 3, 8, 37])
    test(`${name}: ${numEnvs} rows are the twin's, step by step, for 600 steps`, () => {
      const streams = { seed: 7 * 2 ** 32 + 0xf0000001, purpose: Purpose.reset, firstEnv: 5 }
      const [kernel, twin] = [
        new CartPoleBatch(numEnvs, streams, load),
        new DynamicsBatch(cartPole, numEnvs, streams),
      ]
      kernel.reset()
      twin.reset()
      let truncations = 0
      for (let step = 0; step < 600; step++) {
        const actions = actionsOf(twin, step)
        kernel.step(actions)
        twin.step(actions)
        assert.deepEqual(contentsOf(kernel), contentsOf(twin), `step ${step}`)
        truncations += twin.truncated.reduce((sum, flag) => sum + flag, 0)
      }
      assert.ok(truncations > 0, 'some episode reaches the time limit')
    })

  test(`${name}: what the twin has saved goes on here with its bits, and the other way round`, () => {
    const streams = { seed: 3, purpose: Purpose.reset, firstEnv: 0 }
    const make = [
      () => new CartPoleBatch(5, streams, load),
      () => new DynamicsBatch(cartPole, 5, streams),
    ] as const
    for (const [from, to] of [make, make.toReversed()]) {
      const [first, second] = [from(), to()]
      first.reset()
      for (let step = 0; step < 40; step++) first.step(actionsOf(first, step))
      second.load(first.save())
      assert.deepEqual([...second.observations], [...first.observations])
      for (let step = 40; step < 80; step++) {
        const actions = actionsOf(first, step)
        first.step(actions)
        second.step(actions)
        assert.deepEqual(contentsOf(second), contentsOf(first))
      }
    }
    const message = /the saved state of 5 CartPole-v1 environments has 240 bytes, not 3/
    const wrong = (error: unknown) => error instanceof PporunError && message.test(error.message)
    assert.throws(() => make[0]().load(new Uint8Array(3)), wrong)
  })
}
