import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UsageError } from '../../src/base/errors.ts'
import { checkEnv } from '../../src/env/checkenv.ts'
import type { Environment, StepResult } from '../../src/env/environment.ts'
import { environmentIds } from '../../src/env/registry.ts'
import { makeEnv } from '../../src/env/single.ts'
import { box } from '../../src/env/spaces.ts'
import { Path, Walk } from './walk.ts'

test('what is right is let through', () => {
  checkEnv(new Walk())
  checkEnv(new Path())
  for (const id of environmentIds()) checkEnv(makeEnv(id))
})

/** A walk of which something is otherwise. */
const walk = (change: object): Environment => Object.assign(new Walk(), change)
/** Whose steps return something else. */
const steps = (change: object): Environment => {
  const env = new Walk()
  return Object.assign(env, {
    step: (action: number): StepResult => ({ ...Walk.prototype.step.call(env, action), ...change }),
  })
}
let calls = 0

const flaws: [what: string, env: Environment, message: RegExp][] = [
  [
    'no space',
    walk({ observationSpace: undefined }),
    /^observationSpace must be box\(low, high\) or dict\(\{ ... \}\), not undefined/,
  ],
  [
    'bounds of another size',
    walk({ observationSpace: { ...box([0], [1]), shape: [2] } }),
    /of shape \[2\] needs 2 numbers in low and in high, not 1 and 1/,
  ],
  [
    'bounds the wrong way',
    walk({ observationSpace: box([0, 1], [1, 0]) }),
    /low\[1\] is 1, above high\[1\], 0/,
  ],
  ['no actions', walk({ actionSpace: { type: 'discrete', n: 0 } }), /^actionSpace must be/],
  ['no reset', walk({ reset: undefined }), /^the method reset\(\) is missing/],
  [
    'a bare observation',
    walk({ reset: () => [0, 0] }),
    /^reset\(\) must return \{ observation, info \}, not \[ 0, 0 \]/,
  ],
  ['no info', walk({ reset: () => ({ observation: [0, 0] }) }), /^reset\(\) returned no info/],
  [
    'a short observation',
    steps({ observation: [0] }),
    /^step\(\) returned an observation of 1 numbers; observationSpace has 2/,
  ],
  ['NaN', steps({ observation: [0, NaN] }), /^step\(\): observation\[1\] is NaN/],
  ['text', steps({ observation: [0, '1'] }), /^step\(\): observation\[1\] is '1'/],
  [
    'out of bounds',
    steps({ observation: [0, -1] }),
    /^step\(\): observation\[1\] is -1, outside its space, 0 \.\. 100/,
  ],
  ['no reward', steps({ reward: undefined }), /^step\(\) returned the reward undefined/],
  [
    'a flag that is a number',
    steps({ terminated: 0 }),
    /^step\(\) returned terminated: 0; it is true or false/,
  ],
  ['a missing flag', steps({ truncated: undefined }), /^step\(\) returned truncated: undefined/],
  [
    'chance of its own',
    walk({ reset: () => ({ observation: [++calls % 7, 0], info: {} }) }),
    /^two episodes with the same seed and actions differ/,
  ],
  ['save alone', walk({ save: () => new Uint8Array(1) }), /^save\(\) and load\(\) come together/],
  [
    'save that forgets',
    Object.assign(new Path(), { load: () => {} }),
    /^after load\(save\(\)\) the same action leads elsewhere/,
  ],
]

for (const [what, env, message] of flaws)
  test(`${what} is found`, () => {
    assert.throws(
      () => checkEnv(env),
      (error: unknown) => error instanceof UsageError && message.test(error.message),
    )
  })
