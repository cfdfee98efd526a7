import assert from 'node:assert/strict'
import { test } from 'node:test'
import { part } from '../../src/base/math/parts.ts'
import { connect } from '../../src/connect.ts'
import { everybody } from '../../src/parallel/allreduce.ts'
import { balanced, cutOf, partsOf } from '../../src/parallel/cut.ts'

test('an even cut is that of part()', () => {
  for (const shards of [1, 2, 7, 8, 64])
    for (let size = 1; size <= shards; size++) {
      const parts = Array.from({ length: size }, (_, rank) => part(shards, rank, size))
      assert.deepEqual(partsOf(cutOf(shards, size)), parts)
    }
})

test('a rank with a quarter of the speed keeps one shard of eight', () => {
  assert.deepEqual(balanced([4, 4], [1, 4]), [7, 1])
  assert.equal(balanced([7, 1], [1.75, 1]), null)
})

test('nobody is left without a shard, none is lost, and what is not worth it stays', () => {
  assert.deepEqual(balanced([2, 2, 2, 2], [1, 1, 1, 1000]), [3, 2, 2, 1])
  assert.equal(balanced([4, 4], [1, 1.15]), null)
  assert.equal(balanced([1, 1], [1, 50]), null)
})

test('who gets other shards sums in the same memory as before', async () => {
  const comm = await connect()
  const before = everybody(comm, 8).buffer(100, 'exact')
  assert.equal(everybody(comm, 8, [8]).buffer(100, 'exact'), before)
  assert.notEqual(everybody(comm, 8).buffer(101, 'exact'), before)
  assert.ok(everybody(comm, 8).buffer(101, 'float32') instanceof Float32Array)
})
