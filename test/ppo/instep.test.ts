import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DriftError } from '../../src/base/errors.ts'
import { layoutOf } from '../../src/engine/layout.ts'
import { everybody } from '../../src/parallel/allreduce.ts'
import { assertInStep } from '../../src/ppo/instep.ts'
import { hashInProcess, inprocCommunicators } from '../ranks/twin.ts'

const layout = layoutOf({
  ...{ observationSize: 4, hidden: [5], activation: 'tanh', sharedTrunk: false },
  ...{ distribution: 'categorical', numActions: 2 },
})

const check = (parameters: Float32Array[]) =>
  Promise.allSettled(
    inprocCommunicators(parameters.length).map(comm =>
      assertInStep(everybody(comm, 8), 50, parameters[comm.rank], layout),
    ),
  )

const equal = () =>
  Array.from({ length: 3 }, () => Float32Array.from({ length: layout.size }, (_, i) => i / 7))

test('equal parameters pass', async () => {
  for (const { status } of await check(equal())) assert.equal(status, 'fulfilled')
})

test('one bit on one rank is an error on all that names its tensor, whichever it is', async () => {
  for (const { name, offset, size } of layout.tensors) {
    const parameters = equal()
    new Int32Array(parameters[2].buffer)[offset + size - 1] ^= 1
    for (const result of await check(parameters)) {
      assert.equal(result.status, 'rejected')
      assert.ok(result.reason instanceof DriftError)
      assert.match(result.reason.message, new RegExp(`different values of ${name} after update 50;`))
    }
  }
})

test('a parameter that is one ulp off on one rank is found at the next look, on all ranks', async () => {
  const options = ['--num-steps', '2', '--batch-size', '16', '--update-epochs', '1', '--total-steps', '1600']
  const messages: string[] = []
  const run = hashInProcess(
    2,
    options,
    (_, firstEnv, { parameters }) => {
      if (firstEnv > 0) new Int32Array(parameters.buffer)[7] ^= 1
    },
    error => {
      assert.ok(error instanceof DriftError, String(error))
      messages.push(error.message)
    },
  )
  await assert.rejects(run)
  assert.equal(messages.length, 2)
  // Gradients are summed over both, so nothing but that parameter differs ever after.
  for (const message of messages)
    assert.match(message, /different values of actor\.0\.weight after update 50;/)
})
