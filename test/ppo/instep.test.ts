import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DriftError } from '../../src/base/errors.ts'
import { everybody } from '../../src/parallel/allreduce.ts'
import { assertInStep } from '../../src/ppo/instep.ts'
import { inprocCommunicators } from '../ranks/twin.ts'

const check = (parameters: Float32Array[]) =>
  Promise.allSettled(
    inprocCommunicators(parameters.length).map(comm =>
      assertInStep(everybody(comm, 8), 50, parameters[comm.rank]),
    ),
  )

const equal = () => Array.from({ length: 3 }, () => Float32Array.from({ length: 1000 }, (_, i) => i / 7))

test('equal parameters pass', async () => {
  for (const { status } of await check(equal())) assert.equal(status, 'fulfilled')
})

test('one bit on one rank is an error on all', async () => {
  const parameters = equal()
  new Int32Array(parameters[2].buffer)[500] ^= 1
  for (const result of await check(parameters)) {
    assert.equal(result.status, 'rejected')
    assert.ok(result.reason instanceof DriftError)
  }
})
