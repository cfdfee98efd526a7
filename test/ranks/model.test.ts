import assert from 'node:assert/strict'
import { test } from 'node:test'
import { concatenated } from '../../src/base/math/parts.ts'
import { blocksOf, cut, divide } from '../../src/engine/division.ts'
import { initialParameters } from '../../src/engine/init.ts'
import { layoutOf } from '../../src/engine/layout.ts'
import { inprocCommunicators } from './twin.ts'
import { trainRanks } from './ways.ts'

const discrete = ['--env', 'CartPole-v1', '--num-steps', '32', '--batch-size', '128', '--update-epochs', '2']
const continuous = ['--env', 'Pendulum-v1', '--num-steps', '32', '--batch-size', '64', '--update-epochs', '1']
const networks: [name: string, options: string[]][] = [
  ['one layer', [...discrete, '--hidden', '18']],
  ['two, the lower one whole', [...discrete, '--hidden', '16,24', '--activation', 'relu']],
  [
    'three, widths that the ranks do not divide',
    [...continuous, '--hidden', '17,10,13', '--activation', 'elu'],
  ],
  [
    'a trunk with two heads',
    [...continuous, '--hidden', '16,16', '--shared-trunk', '--normalize-observations'],
  ],
]

const one = (options: string[]) => [...options, '--total-steps', '256', '--checkpoint-every', '1']

for (const [name, options] of networks)
  test(`${name}: an update of a divided network is that of the whole one, within 1e-6`, async () => {
    const expected = await trainRanks(1, one(options))
    for (const [size, team] of [
      [2, 2],
      [3, 3],
    ]) {
      const way = ['--parallelism', 'model', '--model-parallel', `${team}`]
      const { commits } = await trainRanks(size, [...one(options), ...way])
      const [a, b] = [expected, { commits }].map(({ commits }) => commits[0].state)
      assert.ok(largestDifference(a.parameters, b.parameters) < 1e-6, `${team}`)
      assert.deepEqual(a.recentReturns, b.recentReturns)
    }
  })

test('teams beside each other have the bits of one team', async () => {
  const options = [...discrete, '--hidden', '16,24', '--total-steps', '768', '--checkpoint-every', '1']
  const way = ['--parallelism', 'model', '--model-parallel', '2']
  const alone = await trainRanks(2, [...options, ...way])
  const four = await trainRanks(4, [...options, ...way])
  assert.deepEqual(four.commits.at(-1), alone.commits.at(-1))
  // And they go on from where any of them has stopped.
  const rest = await trainRanks(4, [...options, ...way], alone.commits[0])
  assert.deepEqual(rest.commits.at(-1), alone.commits.at(-1))
})

test('pieces of a vector come together block by block, in its order', async () => {
  const shape = { observationSize: 5, activation: 'tanh', numActions: 2 } as const
  for (const hidden of [[7], [8, 9], [4, 5, 6], [600, 901]])
    for (const sharedTrunk of [false, true])
      for (const distribution of ['categorical', 'gaussian'] as const) {
        const layout = layoutOf({ ...shape, hidden, sharedTrunk, distribution })
        const whole = Float32Array.from({ length: layout.size }, (_, i) => i)
        const joined = inprocCommunicators(3).map(async comm => {
          const piece = cut(layout, whole, comm.rank, 3)
          assert.equal(piece.length, divide(layout, comm.rank, 3).size)
          const blocks: Float32Array[] = []
          for await (const block of blocksOf(layout, piece, comm.rank, 3, part => comm.allgather(part)))
            blocks.push(block)
          return concatenated(blocks)
        })
        for (const vector of await Promise.all(joined)) assert.deepEqual(vector, whole)
      }
})

test('a rank draws what it holds, and no more', () => {
  const shape = { observationSize: 3, activation: 'tanh', numActions: 1, distribution: 'gaussian' } as const
  for (const hidden of [
    [20, 30],
    [1030, 1025],
  ]) {
    const layout = layoutOf({ ...shape, hidden, sharedTrunk: true })
    const whole = initialParameters(layout, 5)
    for (const rank of [0, 2])
      assert.deepEqual(initialParameters(layout, 5, rank, 3), cut(layout, whole, rank, 3))
  }
})

const largestDifference = (a: Float32Array, b: Float32Array): number =>
  Math.max(...a.map((x, i) => Math.abs(x - b[i])))
