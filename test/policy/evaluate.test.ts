import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { PporunError, UsageError } from '../../src/base/errors.ts'
import { Purpose } from '../../src/base/math/streams.ts'
import { saveCheckpoint } from '../../src/checkpoint/checkpoint.ts'
import { initialParameters } from '../../src/engine/init.ts'
import { layoutOf } from '../../src/engine/layout.ts'
import { ReferenceEngine } from '../../src/engine/reference/reference.ts'
import { makeVectorEnv } from '../../src/env/registry.ts'
import { play, summarise } from '../../src/policy/evaluate.ts'
import { evaluate, loadPolicy } from '../../src/policy/policy.ts'
import { temporaryFolder } from '../rig.ts'

const env = 'CartPole-v1'
const layout = layoutOf({
  ...{ observationSize: 4, hidden: [8], activation: 'tanh', sharedTrunk: false },
  ...{ distribution: 'categorical', numActions: 2 },
})
const parameters = initialParameters(layout, 3)

function engineOf(flat: Float32Array = parameters): ReferenceEngine {
  const engine = new ReferenceEngine(layout)
  engine.setParameters(flat)
  return engine
}

function save(run: string, flat: Float32Array = parameters): Promise<string> {
  const { network, tensors } = layout
  const about = { env, network, normalizer: null, steps: 1, paramsHash: '', score: null, state: null }
  return saveCheckpoint(run, { ...about, tensors, parameters: flat, vectors: {} })
}

/** Return of the one episode that starts as environment `index` does, in a batch of its own. */
async function playAlone(index: number, seed: number, engine: ReferenceEngine): Promise<number> {
  const one = makeVectorEnv(env, 1, { seed, purpose: Purpose.evaluation, firstEnv: index })
  await one.reset()
  for (let total = 0; ; ) {
    await one.step(engine.act(one.observations, 1, null).actions)
    total += one.rewards[0]
    if (one.terminated[0] || one.truncated[0]) return total
  }
}

test('the same seed gives the same episodes, another one others', async () => {
  const part = { first: 0, count: 30 }
  const first = await play(env, engineOf(), part, { seed: 4 })
  assert.deepEqual(await play(env, engineOf(), part, { seed: 4 }), first)
  assert.notDeepEqual(await play(env, engineOf(), part, { seed: 5 }), first)
})

test('sampled actions are functions of the seed too, and differ from the most probable ones', async () => {
  const part = { first: 0, count: 30 }
  const sampled = await play(env, engineOf(), part, { seed: 4, stochastic: true })
  assert.deepEqual(await play(env, engineOf(), part, { seed: 4, stochastic: true }), sampled)
  assert.notDeepEqual(await play(env, engineOf(), part, { seed: 4 }), sampled)
})

test('each episode comes from an environment of its own, and only its first counts', async () => {
  const engine = engineOf()
  const expected: number[] = []
  for (let i = 0; i < 12; i++) {
    const total = await playAlone(i, 4, engine)
    expected.push(total, total) // a reward of one per step
  }
  assert.deepEqual([...(await play(env, engine, { first: 0, count: 12 }, { seed: 4 }))], expected)
})

test('ranks can share the episodes out in any parts, also empty ones', async () => {
  for (const stochastic of [false, true]) {
    const whole = await play(env, engineOf(), { first: 0, count: 9 }, { seed: 4, stochastic })
    const parts: Float64Array[] = []
    for (const [first, count] of [
      [0, 4],
      [4, 0],
      [4, 5],
    ] as const)
      parts.push(await play(env, engineOf(), { first, count }, { seed: 4, stochastic }))
    assert.deepEqual(
      parts.flatMap(part => [...part]),
      [...whole],
    )
    assert.deepEqual(summarise(parts), summarise([whole]))
  }
})

test('the summary of returns and lengths', () => {
  assert.deepEqual(summarise([Float64Array.of(1, 10, 3, 20), Float64Array.of(-1, 30)]), {
    episodes: 3,
    meanReturn: 1,
    stdReturn: Math.sqrt(8 / 3),
    minReturn: -1,
    maxReturn: 3,
    meanLength: 20,
  })
})

test('a saved policy acts and plays as the engine did', async t => {
  const run = temporaryFolder(t)
  await save(run)
  const played = await play(env, engineOf(), { first: 0, count: 10 }, { seed: 4 })
  assert.deepEqual(await evaluate(run, { episodes: 10, seed: 4 }), summarise([played]))
  const policy = loadPolicy(join(run, 'checkpoints', 'latest'))
  assert.equal(policy.env, env)
  for (const observation of [[0, 0, 0.05, 0], [0, 1, -0.05, -1], new Float64Array(4)]) {
    const expected = engineOf().act(Float32Array.from(observation), 1, null).actions[0]
    assert.equal(await policy.act(observation), expected)
  }
})

test('an observation of another size is refused', async t => {
  const run = temporaryFolder(t)
  await save(run)
  await assert.rejects(loadPolicy(run).act([1, 2, 3]), /observation/)
})

test('parameters that are not those of the network are refused', async t => {
  const longer = temporaryFolder(t)
  await save(longer, new Float32Array(layout.size + 1))
  assert.throws(() => loadPolicy(longer), PporunError)
  const other = temporaryFolder(t)
  const { tensors } = layoutOf({ ...layout.network, hidden: [4] })
  const size = tensors.reduce((sum, tensor) => sum + tensor.size, 0)
  const about = {
    env,
    network: layout.network,
    normalizer: null,
    steps: 1,
    paramsHash: '',
    score: null,
    state: null,
  }
  await saveCheckpoint(other, { ...about, tensors, parameters: new Float32Array(size), vectors: {} })
  assert.throws(() => loadPolicy(other), PporunError)
})

test('a policy plays in another environment with the same spaces, and in no other', async t => {
  const path = join(temporaryFolder(t), 'run')
  await save(path)
  const long = await evaluate(path, { env: 'CartPole-v1:length=2', episodes: 10 })
  assert.notEqual(long.meanReturn, (await evaluate(path, { episodes: 10 })).meanReturn)
  await assert.rejects(
    evaluate(path, { env: 'Pendulum-v1' }),
    error =>
      error instanceof UsageError && /other observations or actions than CartPole-v1/.test(error.message),
  )
})
