import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NonFiniteError } from '../../src/base/errors.ts'
import type { VectorEnv } from '../../src/env/vectorenv.ts'
import { hashInProcess } from './twin.ts'

const options = ['--num-steps', '4', '--batch-size', '32', '--update-epochs', '1', '--total-steps', '128']

/** Spoils what the environments give at one step of global environment 5. */
function spoiling(step: number, spoil: (envs: VectorEnv, row: number) => void) {
  return (envs: VectorEnv, firstEnv: number) => {
    const original = envs.step.bind(envs)
    let steps = 0
    const row = 5 - firstEnv
    envs.step = actions => {
      original(actions)
      if (++steps === step && row >= 0 && row < envs.numEnvs) spoil(envs, row)
    }
  }
}

/** Every rank's error, which must be one and the same. */
async function errorAt(
  size: number,
  more: string[],
  change?: (envs: VectorEnv, firstEnv: number) => void,
): Promise<string> {
  const messages: string[] = []
  await assert.rejects(
    hashInProcess(size, [...options, ...more], change, error => {
      assert.ok(error instanceof NonFiniteError, String(error))
      messages.push(error.message)
    }),
  )
  assert.equal(messages.length, size)
  assert.equal(new Set(messages).size, 1, messages.join('\n'))
  return messages[0]
}

test('a reward that is not finite: named with environment, rank, step and update, on all ranks', async () => {
  const spoil = spoiling(6, (envs, row) => {
    envs.rewards[row] = Number.POSITIVE_INFINITY
  })
  for (const [size, rank] of [
    [1, 0],
    [2, 1],
    [3, 2],
  ])
    assert.equal(
      await errorAt(size, [], spoil),
      `the reward is Infinity in environment 5 (rank ${rank}) at step 1 of update 2`,
    )
})

test('an observation that is not finite, also after the last step of a rollout', async () => {
  for (const [step, place] of [
    [1, 'step 1 of update 1'],
    [4, 'step 4 of update 1'],
  ] as const) {
    const spoil = spoiling(step, (envs, row) => {
      envs.observations[row * 4 + 2] = Number.NaN
    })
    assert.equal(await errorAt(2, [], spoil), `the observation is NaN in environment 5 (rank 1) at ${place}`)
  }
})

test('a gradient that is not finite: named with the row of the minibatch that spoils it', async () => {
  const spoil = spoiling(7, (envs, row) => {
    envs.rewards[row] = 3e38
  })
  const options = ['--gae-lambda', '0', '--normalize-advantages', 'none', '--vf-coef', '100']
  for (const more of [[], ['--reduction', 'float32']])
    for (const size of [1, 2, 3])
      assert.match(
        await errorAt(size, [...options, ...more], spoil),
        /^the gradient of \S+ is \S+ in environment 5 \(rank [012]\) at step 2 of update 2$/,
      )
})

test('parameters that overflow are found before anything is learnt from or kept', async () => {
  for (const size of [1, 2]) {
    const message = await errorAt(size, ['--learning-rate', '1e38', '--update-epochs', '3'])
    assert.match(message, /is (NaN|-?Infinity)/)
  }
})
