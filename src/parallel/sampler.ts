import { type Part, part } from '../base/math/parts.ts'
import type { Communicator } from '../collective/communicator.ts'
import { makeOptimizer } from '../engine/select.ts'
import type { Strategy } from '../ppo/strategy.ts'
import { allreduceBytes } from './allreduce.ts'
import { Delivery } from './delivery.ts'
import { Flow } from './flow.ts'
import type { Setting, Way } from './way.ts'

const NONE: Part = { first: 0, last: 0 }

/**
 * Synchronous actors and learners (A2C's; Ray's `PPO` works so): ranks 0 .. L-1 learn, the others sample. The learners
 * add up their gradients among themselves; so who samples does not show in a bit.
 */
export async function sampler(setting: Setting): Promise<Way> {
  const { config, sizes, comm, engine } = setting
  const { numShards } = sizes
  const { learners } = config
  const samplers = comm.size - learners
  const samples = (rank: number) => (rank < learners ? NONE : part(numShards, rank - learners, samplers))
  const learns = (rank: number) => (rank < learners ? part(numShards, rank, learners) : null)
  const holderOf = (shard: number, parts: (rank: number) => Part | null) =>
    Array.from({ length: comm.size }, (_, rank) => parts(rank)).findIndex(
      own => own && own.first <= shard && shard < own.last,
    )
  const own = { samples: samples(comm.rank), learns: learns(comm.rank) }
  const group = (await comm.split(own.learns ? 0 : 1)) as Communicator
  const delivery = new Delivery(setting, own.samples, own.learns, {
    sampler: shard => holderOf(shard, samples),
    learner: shard => holderOf(shard, learns),
  })
  const weights = new Flow()
  let gradients = 0

  const strategy: Strategy = {
    name: 'sampler',
    numShards,
    ...own,
    rankOf: shard => holderOf(shard, samples),
    share: block => comm.allgather(block),
    deliver: rollout => delivery.carry(rollout),
    buffer: (length, reduction) => group.buffer(length, reduction === 'exact' ? 'float64' : 'float32'),
    sum: (message, layoutHash) => {
      gradients += allreduceBytes(message, learners)
      return group.allreduce(message, 'sum', layoutHash)
    },

    /** The weights go to those who did not learn them. */
    agree: ({ parameters }, totals) =>
      weights.time(async () => {
        await comm.broadcast(parameters)
        await comm.broadcast(totals)
        weights.bytes += parameters.byteLength + totals.byteLength
      }),

    take: () => {},
    complete: async state => {
      const { firstMoment, secondMoment, beta1Power, beta2Power } = state.adam
      const powers = Float64Array.of(beta1Power, beta2Power)
      for (const array of [firstMoment, secondMoment, powers, state.grid]) await comm.broadcast(array)
      return { ...state, adam: { firstMoment, secondMoment, beta1Power: powers[0], beta2Power: powers[1] } }
    },

    max: values => comm.allreduce(values, 'max'),
    waited: () => comm.elapsed + group.elapsed,
    traffic: () => ({
      trajectories: delivery.flow.total,
      weights: weights.total,
      allreduce: { bytes: gradients },
    }),
  }
  return { strategy, engine, optimizer: makeOptimizer(engine) }
}
