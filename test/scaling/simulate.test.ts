/** Clusters that are not there: the real communicator gives the right sums, in the time that the formulae say. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { AlgorithmName } from '../../src/collective/table.ts'
import type { Cluster } from '../../src/scaling/cluster.ts'
import { type Costs, messageCost } from '../../src/scaling/costs.ts'
import { allreduceTime } from '../../src/scaling/model.ts'
import { type SimulatedRank, simulate } from '../../src/scaling/simulate.ts'

const costs: Costs = {
  messages: [
    { bytes: 0, time: 0.05, work: 0.02 },
    { bytes: 1e6, time: 1.05, work: 0.52 },
  ],
  memory: { meeting: 0.001, wake: 0.1, copy: 1e-7 },
  reduce: 1e-7,
}
const link = { name: 'test', latency: 0.01, byte: 1e-6 }

const cluster = (ranks: number, ranksPerHost = 1): Cluster => ({ ranks, ranksPerHost, link, costs })

/** One allreduce of 1 to N on every rank. */
async function sum(of: Cluster, allreduce: AlgorithmName, length = 1200, seed = 0): Promise<number> {
  return simulate(of, { allreduce, seed }, async rank => {
    const array = rank.comm.buffer(length, 'float64').fill(rank.comm.rank + 1)
    await rank.comm.allreduce(array)
    assert.ok(array.every(x => x === (of.ranks * (of.ranks + 1)) / 2))
  })
}

test('a message of any size lies on the lines between those that were measured', () => {
  assert.deepEqual(messageCost(costs, 5e5), { bytes: 5e5, time: 0.55, work: 0.27 })
  assert.ok(Math.abs(messageCost(costs, 4e6).time - 4.05) < 1e-9)
  assert.equal(messageCost({ messages: [{ bytes: 8, time: 1, work: 1 }] }, 800).time, 1)
})

for (const name of ['ring', 'direct', 'star'] as const)
  for (const ranks of [2, 3, 8])
    test(`${name} on ${ranks} hosts: right sums, and the time of the formula within 10 %`, async () => {
      const took = await sum(cluster(ranks), name)
      const formula = allreduceTime(cluster(ranks), name, 9600)
      assert.ok(Math.abs(took / formula - 1) < 0.1, `${took} simulated, ${formula} by the formula`)
    })

test('hierarchical: hosts of eight ranks add up in memory, their first ranks between them', async () => {
  const took = await sum(cluster(32, 8), 'hierarchical')
  const formula = allreduceTime(cluster(32, 8), 'hierarchical', 9600)
  assert.ok(Math.abs(took / formula - 1) < 0.1, `${took} simulated, ${formula} by the formula`)
  assert.ok(took < (await sum(cluster(32, 8), 'ring')) / 4)
})

test('one host: nothing goes over a link', async () => {
  const took = await sum(cluster(4, 4), 'hierarchical')
  assert.ok(Math.abs(took - (2 * 0.001 + 0.75 * 9600 * 1e-7)) < 1e-9, `${took}`)
})

test('who has waited for a late rank has to be woken, and all wait for that', async () => {
  const late = (milliseconds: number) =>
    simulate(cluster(2, 2), {}, async ({ comm, compute }) => {
      if (comm.rank === 1) await compute(milliseconds)
      await comm.barrier()
    })
  assert.ok(Math.abs((await late(0.5)) - 0.501) < 1e-9)
  assert.ok(Math.abs((await late(4)) - 4.101) < 1e-9)
})

test('a short message does not pass a long one that was sent before it', async () => {
  const slow = { ...costs, messages: [costs.messages[0], { bytes: 1e6, time: 100, work: 0.03 }] }
  await simulate({ ...cluster(2), costs: slow }, {}, async ({ comm }) => {
    const lengths = [125_000, 1]
    for (const length of lengths)
      if (comm.rank === 0) await comm.send(new Float64Array(length).fill(length), 1)
      else {
        const array = new Float64Array(length)
        await comm.recv(array, 0)
        assert.ok(array.every(x => x === length))
      }
  })
})

test('ranks that share cores wait for them', async () => {
  const work = (rank: SimulatedRank) => rank.compute(3)
  assert.equal(await simulate(cluster(4), {}, work), 3)
  assert.equal(await simulate({ ...cluster(4), cores: 2 }, {}, work), 6)
  assert.equal(await simulate({ ...cluster(3), cores: 2 }, {}, work), 6)
})

test('who lets the event loop turn goes on before time passes', async () => {
  const turning = async (rank: SimulatedRank) => {
    if (rank.comm.rank === 0) await turn()
    await rank.compute(3)
  }
  for (const ranks of [1, 2]) assert.equal(await simulate(cluster(ranks), {}, turning), 3)
})

test('the same seed gives the same time, another does not; ranks draw numbers of their own', async () => {
  const drawn: number[] = []
  const straggling = async (rank: SimulatedRank) => {
    const random = rank.random()
    drawn[rank.comm.rank] = random
    await rank.compute(random)
    await rank.comm.barrier()
  }
  const run = (seed: number) => simulate(cluster(5), { seed }, straggling)
  const first = await run(1)
  assert.equal(await run(1), first)
  assert.equal(new Set(drawn).size, 5)
  assert.notEqual(await run(2), first)
})
