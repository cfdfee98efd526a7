import assert from 'node:assert/strict'
import { test } from 'node:test'
import { layoutHash, layoutOf, type Network } from '../../src/engine/layout.ts'
import { cartPole } from './random.ts'
import { layoutOfCase, recordedCases } from './recorded.ts'

const network: Network = cartPole

test("names and shapes are those of PyTorch's recorded networks, in their order", () => {
  for (const recorded of recordedCases()) {
    const { tensors } = layoutOfCase(recorded)
    assert.deepEqual(
      tensors.map(({ name, shape }) => ({ name, shape })),
      recorded.parameters.map(({ name, shape }) => ({ name, shape })),
    )
  }
})

test('tensors lie one after the other', () => {
  const { tensors, size } = layoutOf(network)
  let end = 0
  for (const tensor of tensors) {
    assert.equal(tensor.offset, end)
    end += tensor.size
  }
  assert.equal(size, end)
  assert.equal(size, 9155)
})

test('no hidden layers: two linear networks', () => {
  const names = layoutOf({ ...network, hidden: [] }).tensors.map(({ name }) => name)
  assert.deepEqual(names, ['actor.0.weight', 'actor.0.bias', 'critic.0.weight', 'critic.0.bias'])
})

test('the hash is a 32-bit number that tells shapes apart', () => {
  const hashes = [[64, 64], [64], [64, 32], [32, 64], []].map(hidden =>
    layoutHash(layoutOf({ ...network, hidden })),
  )
  assert.equal(new Set(hashes).size, hashes.length)
  for (const hash of hashes) assert.equal(hash, hash >>> 0)
  assert.equal(layoutHash(layoutOf(network)), layoutHash(layoutOf({ ...network, hidden: [64, 64] })))
})
