import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Member } from '../../src/base/control.ts'
import { Rendezvous } from '../../src/collective/rendezvous.ts'
import { range } from './ranks.ts'

const at = (name: string): Member => ({
  endpoints: [`ipc://${name}`],
  publicKey: null,
  node: 0,
  memory: true,
})

test('the last rank to say gets all members by rank, whatever the order', () =>
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 12 }).chain(size => fc.shuffledSubarray(range(size), { minLength: size })),
      order => {
        const rendezvous = new Rendezvous(order.length)
        const last = order.at(-1)!
        for (const rank of order.slice(0, -1)) assert.equal(rendezvous.offer(rank, 1, at(`${rank}`)), null)
        assert.deepEqual(rendezvous.missing(), order.length > 1 ? [last] : [])
        assert.deepEqual(
          rendezvous.offer(last, 1, at(`${last}`)),
          range(order.length).map(rank => at(`${rank}`)),
        )
        assert.deepEqual(rendezvous.missing(), [])
      },
    ),
  ))

test('meetings do not mix: a fast rank may already be in the next one', () => {
  const rendezvous = new Rendezvous(2)
  assert.equal(rendezvous.offer(0, 1, at('a1')), null)
  assert.deepEqual(rendezvous.offer(1, 1, at('b1')), [at('a1'), at('b1')])
  assert.equal(rendezvous.offer(1, 2, at('b2')), null)
  assert.deepEqual(rendezvous.missing(), [0])
  assert.deepEqual(rendezvous.offer(0, 2, at('a2')), [at('a2'), at('b2')])
})

test('nobody is missing before anybody has come', () => {
  assert.deepEqual(new Rendezvous(3).missing(), [])
})

test('who is missing, by rank, in the oldest meeting that waits', () => {
  const rendezvous = new Rendezvous(4)
  rendezvous.offer(2, 1, at('c1'))
  assert.deepEqual(rendezvous.missing(), [0, 1, 3])
  rendezvous.offer(2, 2, at('c2'))
  assert.deepEqual(rendezvous.missing(), [0, 1, 3])
  for (const rank of [0, 1, 3]) rendezvous.offer(rank, 1, at('x1'))
  assert.deepEqual(rendezvous.missing(), [0, 1, 3])
})
