/** Dict observations: rows of all keys, what is wrong with one, and wrappers. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UsageError } from '../../src/base/errors.ts'
import { checkEnv } from '../../src/env/checkenv.ts'
import type { DictEnvironment } from '../../src/env/environment.ts'
import { NormalizeObservation } from '../../src/env/normalizing.ts'
import { areAlike, makeVectorEnv, registerEnv, specOf } from '../../src/env/registry.ts'
import { makeEnv } from '../../src/env/single.ts'
import { box, type DictSpace, dict } from '../../src/env/spaces.ts'
import { FrameStackObservation, TimeLimit } from '../../src/env/wrappers.ts'

/** Counts; the picture is the count in each of its places. */
class Counter implements DictEnvironment {
  observationSpace: DictSpace = dict({ count: box([0, 0], [100, 1]), picture: box(0, 255, [2, 3]) })
  actionSpace = { type: 'discrete', n: 2 } as const
  count = 0

  reset({ seed = 0 } = {}) {
    this.count = seed % 10
    return { observation: this.observe(), info: {} }
  }

  step() {
    this.count++
    return {
      observation: this.observe(),
      reward: 1,
      terminated: this.count >= 20,
      truncated: false,
      info: {},
    }
  }

  observe(): Record<string, ArrayLike<number>> {
    return { picture: new Uint8Array(6).fill(this.count), count: [this.count, 1] }
  }

  save() {
    return Uint8Array.of(this.count)
  }

  load([count]: Uint8Array) {
    this.count = count
  }
}

registerEnv('Counter-v0', () => new TimeLimit(new Counter(), 7))

test('a row has the numbers of all keys in the order of the space', () => {
  checkEnv(new Counter())
  const { observationSpace, keys } = specOf('Counter-v0')
  assert.deepEqual(observationSpace.shape, [8])
  assert.deepEqual([...observationSpace.high], [100, 1, 255, 255, 255, 255, 255, 255])
  assert.deepEqual(Object.keys(keys!), ['count', 'picture'])
  const envs = makeVectorEnv('Counter-v0', 2)
  void envs.reset()
  const [first] = envs.observations
  void envs.step(Int32Array.of(0, 1))
  const now = first + 1
  assert.deepEqual([...envs.observations.subarray(0, 8)], [now, 1, now, now, now, now, now, now])
  const saved = envs.save!()
  const others = makeVectorEnv('Counter-v0', 2)
  others.load!(saved)
  assert.deepEqual(others.observations, envs.observations)
  assert.equal(makeEnv('Counter-v0').reset({ seed: 3 }).observation.join(), '3,1,3,3,3,3,3,3')
  assert.ok(areAlike('Counter-v0', 'Counter-v0'))
})

const flaws: [what: string, change: object, message: RegExp][] = [
  ['no key', { observationSpace: dict({}) }, /^observationSpace: the Dict has no keys$/],
  [
    'a key that is no word',
    { observationSpace: dict({ 'a.b': box([0], [1]) }) },
    /^observationSpace\.a\.b: a key is a word of letters, digits and _$/,
  ],
  [
    'a key that is no Box',
    { observationSpace: { type: 'dict', spaces: { a: 3 } } },
    /^observationSpace\.a must be box\(low, high\), not 3$/,
  ],
  [
    'a missing key',
    { observe: () => ({ count: [1, 1] }) },
    /^reset\(\): observation\.picture has undefined numbers/,
  ],
  [
    'a key of another size',
    { observe: () => ({ count: [1], picture: new Uint8Array(6) }) },
    /^reset\(\): observation\.count has 1 numbers; its space has 2$/,
  ],
  [
    'a key that is not in the space',
    { observe: () => ({ ...new Counter().observe(), more: [1] }) },
    /^reset\(\): observation\.more is not in observationSpace$/,
  ],
]
for (const [what, change, message] of flaws)
  test(`${what} is found`, () => {
    assert.throws(
      () => checkEnv(Object.assign(new Counter(), change)),
      (error: unknown) => error instanceof UsageError && message.test(error.message),
    )
  })

test('wrappers of observations want a Box', () => {
  assert.throws(
    () => new FrameStackObservation(new Counter() as never, 2),
    /^Error: FrameStackObservation: takes .* a Box/,
  )
  assert.throws(
    () => new NormalizeObservation(new Counter() as never),
    /^Error: NormalizeObservation: takes .* a Box/,
  )
})
