import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseHostfile } from '../../launcher/hosts/hostfile.ts'
import { type Host, makePlan, type Plan, withGpus } from '../../launcher/plan.ts'
import { showPlan } from '../../launcher/showplan.ts'
import { UsageError } from '../../src/base/errors.ts'

function host(name: string, slots: number, more: Partial<Host> = {}): Host {
  const unknown = { user: null, port: null, maxSlots: null, address: null, iface: null }
  return { name, via: 'ssh', slots, ...unknown, gpus: 'all', env: {}, ...more }
}

/** Host names by rank. */
const hostOf = ({ ranks, hosts }: Plan) => ranks.map(({ node }) => hosts[node].name).join(' ')
const slotted = { np: null, mapBy: 'slot', oversubscribe: false } as const

test('by slot hosts are filled one after the other, by node they take turns', () => {
  const hosts = [host('a', 3), host('b', 1), host('c', 2)]
  assert.equal(hostOf(makePlan(hosts, slotted)), 'a a a b c c')
  assert.equal(hostOf(makePlan(hosts, { ...slotted, np: 4 })), 'a a a b')
  assert.equal(hostOf(makePlan(hosts, { ...slotted, mapBy: 'node' })), 'a b c a c a')
  assert.equal(hostOf(makePlan(hosts, { ...slotted, mapBy: 'node', np: 4 })), 'a b c a')
})

test('a host without a rank is not in the plan; nodes are counted without it', () => {
  const { hosts, ranks } = makePlan([host('a', 2), host('b', 2), host('c', 1)], { ...slotted, np: 2 })
  assert.deepEqual(
    hosts.map(({ name, node, ranks }) => ({ name, node, ranks })),
    [{ name: 'a', node: 0, ranks: [0, 1] }],
  )
  assert.deepEqual(
    ranks.map(({ rank, node, localRank }) => [rank, node, localRank]),
    [
      [0, 0, 0],
      [1, 0, 1],
    ],
  )
})

test('more ranks than slots: said with the slots of each host, allowed with --oversubscribe', () => {
  const hosts = [host('a', 4), host('b', 2)]
  assert.throws(
    () => makePlan(hosts, { ...slotted, np: 8 }),
    /8 processes wanted, 6 slots: a=4 b=2; use --oversubscribe or add slots/,
  )
  const over = makePlan(hosts, { ...slotted, np: 9, oversubscribe: true })
  assert.equal(hostOf(over), 'a a a a a a b b b')
})

test('max_slots holds also with --oversubscribe', () => {
  const hosts = [host('a', 2, { maxSlots: 2 }), host('b', 1, { maxSlots: 3 })]
  const options = { ...slotted, oversubscribe: true }
  assert.equal(hostOf(makePlan(hosts, { ...options, np: 5 })), 'a a b b b')
  assert.throws(() => makePlan(hosts, { ...options, np: 6 }), /6 processes wanted, but max_slots allows 5/)
})

test('devices are shared out by local rank', () => {
  const gpus = (np: number, list: string[]) =>
    makePlan([host('a', 4, { gpus: list })], { ...slotted, np }).ranks.map(rank => rank.gpus?.join())
  assert.deepEqual(gpus(2, ['0', '1']), ['0', '1'])
  assert.deepEqual(gpus(2, ['0', '1', '2', '3']), ['0,1', '2,3'])
  assert.deepEqual(gpus(2, ['0', '1', '2']), ['0', '1'])
  assert.deepEqual(gpus(4, ['5', '7']), ['5', '7', '5', '7'])
  assert.deepEqual(gpus(2, []), ['', ''])
})

test('what a host has is filled in when it is known', () => {
  const plan = makePlan([host('a', 2), host('b', 2)], slotted)
  assert.deepEqual(
    withGpus(plan, 1, ['0', '1']).ranks.map(({ gpus }) => gpus),
    [null, null, ['0'], ['1']],
  )
})

test('any hosts and any number of ranks: each rank has one place, and no host more than its limit', () => {
  const anyHost = fc.record({ slots: fc.nat(5), more: fc.nat(3) })
  const options = { np: fc.integer({ min: 1, max: 40 }), mapBy: fc.constantFrom('slot', 'node' as const) }
  fc.assert(
    fc.property(fc.array(anyHost, { minLength: 1, maxLength: 8 }), fc.record(options), (sizes, given) => {
      const hosts = sizes.map(({ slots, more }, i) =>
        host(`h${i}`, slots + 1, { maxSlots: slots + 1 + more }),
      )
      let plan: Plan
      try {
        plan = makePlan(hosts, { ...given, oversubscribe: true })
      } catch (error) {
        assert.ok(error instanceof UsageError)
        assert.ok(hosts.reduce((sum, { maxSlots }) => sum + maxSlots!, 0) < given.np)
        return
      }
      assert.deepEqual(
        plan.ranks.map(({ rank }) => rank),
        Array.from({ length: given.np }, (_, i) => i),
      )
      for (const { rank, node, localRank } of plan.ranks)
        assert.equal(plan.hosts[node].ranks[localRank], rank)
      assert.equal(plan.hosts.flatMap(({ ranks }) => ranks).length, given.np)
      for (const { ranks, maxSlots } of plan.hosts) assert.ok(ranks.length >= 1 && ranks.length <= maxSlots!)
    }),
  )
})

test('4096 ranks on 512 hosts: planned and shown from a compressed list, in under a second', () => {
  const start = performance.now()
  for (const mapBy of ['slot', 'node'] as const) {
    const hosts = parseHostfile('node[001-512] slots=8 gpus=8', 'hosts', () => false)
    const plan = makePlan(hosts, { ...slotted, mapBy })
    assert.equal(plan.ranks.length, 4096)
    assert.equal(showPlan(plan, mapBy).split('\n').length, 514)
  }
  assert.ok(performance.now() - start < 1000)
})
