import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allreduceChoices } from '../../src/base/contract.ts'
import { algorithms, choose } from '../../src/collective/table.ts'
import { inprocCommunicators } from '../ranks/twin.ts'

test('the table: the direct exchange for small arrays, the ring for large ones', () => {
  for (const [bytes, expected] of [
    [0, 'direct'],
    [72_000, 'direct'],
    [2 ** 20 - 1, 'direct'],
    [2 ** 20, 'ring'],
    [4e6, 'ring'],
  ] as const)
    assert.equal(choose(bytes), expected, `${bytes} bytes`)
})

test('every choice of --allreduce but auto is an algorithm', () => {
  assert.deepEqual([...allreduceChoices].sort(), ['auto', 'hierarchical', ...Object.keys(algorithms)].sort())
})

test('a communicator says what it takes, and so does a group', async () => {
  const comms = inprocCommunicators(3)
  const groups = await Promise.all(comms.map(comm => comm.split(Math.min(comm.rank, 1))))
  assert.deepEqual(
    comms.map(comm => comm.algorithm(4e6)),
    ['ring', 'ring', 'ring'],
  )
  assert.deepEqual(
    groups.map(group => group!.algorithm(72_000)),
    ['direct', 'direct', 'direct'],
  )
  await Promise.all(comms.map(comm => comm.close()))
})
