import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allreduceChoices } from '../../src/base/contract.ts'
import { algorithms, choose } from '../../src/collective/table.ts'
import { inprocCommunicators } from '../ranks/twin.ts'

test('the table: two ranks swap, more take the direct exchange for small arrays and the ring for large ones', () => {
  for (const [size, bytes, expected] of [
    [1, 4, 'direct'],
    [2, 4, 'direct'],
    [2, 4e6, 'direct'],
    [3, 0, 'direct'],
    [3, 2 ** 20 - 1, 'direct'],
    [3, 2 ** 20, 'ring'],
    [16, 72_000, 'direct'],
    [16, 4e6, 'ring'],
  ] as const)
    assert.equal(choose(bytes, size), expected, `${bytes} bytes on ${size} ranks`)
})

test('every choice of --allreduce but auto is an algorithm', () => {
  assert.deepEqual(['auto', ...Object.keys(algorithms)], allreduceChoices)
})

test('a communicator says what it takes, and a group goes by its own size', async () => {
  const comms = inprocCommunicators(3)
  const groups = await Promise.all(comms.map(comm => comm.split(Math.min(comm.rank, 1))))
  assert.deepEqual(
    comms.map(comm => comm.algorithm(4e6)),
    ['ring', 'ring', 'ring'],
  )
  assert.deepEqual(
    groups.map(group => group!.algorithm(4e6)),
    ['direct', 'direct', 'direct'],
  )
  await Promise.all(comms.map(comm => comm.close()))
})
