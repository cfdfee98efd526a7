/** Environments that the engine's device steps, against those on the host: dynamics, starts, samples, what is kept of them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Purpose } from '../../src/base/math/streams.ts'
import type { Acted, Normalizer } from '../../src/engine/engine.ts'
import { initialParameters } from '../../src/engine/init.ts'
import { layoutOf } from '../../src/engine/layout.ts'
import { WebgpuEngine } from '../../src/engine/webgpu/engine.ts'
import { openDevice } from '../../src/engine/webgpu/load.ts'
import { cartPole } from '../../src/env/cartpole.ts'
import { makeVectorEnv } from '../../src/env/registry.ts'
import { type DeviceBatch, onDevice } from '../../src/ondevice.ts'
import { allNear } from '../engine/near.ts'
import { cartPole as network } from '../engine/random.ts'
import { whyNoAdapter } from './adapter.ts'

const ID = 'CartPole-v1'
const N = 19
const STEPS = 96
/** float32 against float64: of one step, and of whole episodes without correction. */
const [ONE_STEP, EPISODE] = [1e-6, 2e-4]

const skip = await whyNoAdapter()
const only = skip === null ? {} : { skip }
const streams = { seed: 2 ** 40 + 5, purpose: Purpose.reset, firstEnv: 3 }
const sampling = (step: number) => ({ seed: streams.seed, firstEnv: streams.firstEnv, step })

async function engineHere(): Promise<WebgpuEngine> {
  const layout = layoutOf(network)
  const engine = new WebgpuEngine(layout, await openDevice())
  engine.setParameters(initialParameters(layout, 1).map(x => 1.5 * x))
  return engine
}

const onHost = () => makeVectorEnv(ID, N, streams)
const batchOn = (engine: WebgpuEngine): DeviceBatch => onDevice(engine, ID, onHost(), streams)!

interface Step extends Acted {
  raw: Float32Array
  rewards: Float64Array
  terminated: Uint8Array
  truncated: Uint8Array
  finalObservations: Float32Array
  next: Float32Array
}

/** A rollout, step by step, in copies. */
async function play(envs: DeviceBatch, numSteps: number, step: number): Promise<Step[]> {
  const { act } = await envs.ahead(numSteps, sampling(step))
  const steps: Step[] = []
  for (let t = 0; t < numSteps; t++) {
    const raw = envs.observations.slice()
    const acted = structuredClone(await act(envs.observations, N, sampling(step + t)))
    envs.step()
    const { rewards, terminated, truncated, finalObservations, observations } = envs
    steps.push({
      ...{ ...acted, raw },
      ...structuredClone({ rewards, terminated, truncated, finalObservations, next: observations }),
    })
  }
  return steps
}

test('starts are those of training', only, async () => {
  const envs = batchOn(await engineHere())
  const host = onHost()
  await host.reset()
  envs.reset()
  const [first] = await play(envs, 1, 0)
  allNear(first.raw, host.observations, 1e-7)
})

test(`a step is the host's to ${ONE_STEP}, and so are the starts of new episodes`, only, async () => {
  const envs = batchOn(await engineHere())
  envs.reset()
  const steps = await play(envs, STEPS, 0)
  const host = onHost()
  let ended = 0
  const episodes = new Array(N).fill(1)
  for (const { raw, actions, next, finalObservations, terminated, truncated, rewards } of steps) {
    const rows = Float64Array.from({ length: 6 * N }, (_, i) => {
      const [row, k] = [Math.floor(i / 6), i % 6]
      return k < 4 ? raw[4 * row + k] : k === 4 ? 0 : episodes[row]
    })
    host.load!(new Uint8Array(rows.buffer))
    await host.step(actions)
    assert.deepEqual(terminated, host.terminated)
    assert.deepEqual(rewards, host.rewards)
    assert.ok(!truncated.includes(1))
    allNear(next, host.observations, ONE_STEP * 4) // velocities are up to 4
    for (let row = 0; row < N; row++)
      if (terminated[row]) {
        ended++
        episodes[row]++
        const of = (all: Float32Array) => all.subarray(4 * row, 4 * row + 4)
        allNear(of(finalObservations), of(host.finalObservations), ONE_STEP * 4)
      }
  }
  assert.ok(ended > N, `${ended} episodes ended`)
})

test(`whole episodes are the host's to ${EPISODE}`, only, async () => {
  const envs = batchOn(await engineHere())
  envs.reset()
  const host = onHost()
  await host.reset()
  for (const { actions, next, terminated } of await play(envs, STEPS, 0)) {
    await host.step(actions)
    assert.deepEqual(terminated, host.terminated)
    allNear(next, host.observations, EPISODE)
  }
})

const normalizer: Normalizer = {
  mean: Float64Array.of(0.01, -0.02, 0.005, 0.1),
  scale: Float64Array.of(20, 2, 15, 1.5),
  clip: 1.25,
}

for (const [what, given] of [
  ['as they are', null],
  ['normalised', normalizer],
] as const)
  test(`decisions are those of act(), of observations ${what}`, only, async () => {
    const engine = await engineHere()
    const envs = batchOn(engine)
    engine.setNormalizer(given)
    envs.reset()
    const steps = await play(envs, 24, 7)
    for (const [t, { raw, actions, logProbs, values, observations, distributions, nonFiniteRow }] of [
      ...steps.entries(),
    ]) {
      const acted = await engine.act(raw, N, sampling(7 + t))
      assert.deepEqual(actions, acted.actions)
      assert.equal(nonFiniteRow, -1)
      const tolerance = given ? 1e-5 : 0
      allNear(observations, acted.observations, tolerance)
      allNear(values, acted.values, tolerance)
      allNear(logProbs, acted.logProbs, tolerance)
      allNear(distributions, acted.distributions, tolerance)
    }
    assert.deepEqual(new Set(steps.flatMap(({ actions }) => [...actions])), new Set([0, 1]))
  })

test('the time limit truncates, and a new episode begins', only, async () => {
  const envs = batchOn(await engineHere())
  envs.reset()
  const rows = new Float64Array(envs.save().buffer)
  for (let row = 0; row < N; row += 2) rows[6 * row + 4] = cartPole.maxEpisodeSteps - 3
  envs.load(new Uint8Array(rows.buffer))
  const steps = await play(envs, 5, 0)
  steps.forEach(({ truncated }, t) => {
    assert.deepEqual(
      [...truncated],
      Array.from({ length: N }, (_, row) => (t === 2 && row % 2 === 0 ? 1 : 0)),
    )
  })
})

test('what has been saved goes on with the same bits', only, async () => {
  const engine = await engineHere()
  const [one, other] = [batchOn(engine), batchOn(engine)]
  one.reset()
  await play(one, 40, 0)
  other.load(one.save())
  assert.deepEqual(await play(other, 30, 40), await play(one, 30, 40))
  assert.deepEqual(other.save(), one.save())
})

test('environments do not depend on which batch they are in', only, async () => {
  const engine = await engineHere()
  const whole = batchOn(engine)
  const two = [0, 9].map(first => {
    const own = { ...streams, firstEnv: streams.firstEnv + first }
    const count = first === 0 ? 9 : N - 9
    return onDevice(engine, ID, makeVectorEnv(ID, count, own), own)!
  })
  const saved: Uint8Array[] = []
  for (const [envs, firstEnv] of [
    [whole, streams.firstEnv],
    [two[0], streams.firstEnv],
    [two[1], streams.firstEnv + 9],
  ] as const) {
    envs.reset()
    await envs.ahead(50, { ...sampling(0), firstEnv })
    saved.push(envs.save())
  }
  assert.deepEqual(Buffer.concat(saved.slice(1)), Buffer.from(saved[0]))
})
