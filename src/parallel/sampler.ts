import { type Part, part } from '../base/math/parts.ts'
import type { Communicator } from '../collective/communicator.ts'
import { makeOptimizer } from '../engine/select.ts'
import { Rollout } from '../ppo/rollout.ts'
import { count, environmentsOf, type Strategy } from '../ppo/strategy.ts'
import { allreduceBytes } from './allreduce.ts'
import { Flow } from './flow.ts'
import { packShard, shardBytes, unpackShard } from './trajectories.ts'
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
  let learnt: Rollout | undefined
  const trajectories = new Flow()
  const weights = new Flow()
  let gradients = 0

  const strategy: Strategy = {
    name: 'sampler',
    numShards,
    ...own,
    rankOf: shard => holderOf(shard, samples),
    share: block => comm.allgather(block),

    /** Every shard's rows go from who has sampled them to who learns from them. */
    deliver: rollout =>
      trajectories.time(async () => {
        for (let shard = own.samples.first; shard < own.samples.last; shard++) {
          const message = packShard(rollout, shard - own.samples.first, sizes)
          await comm.send(message, holderOf(shard, learns))
          trajectories.bytes += message.length
        }
        if (!own.learns) return rollout
        learnt ??= roomFor(own.learns, rollout, setting)
        const length = shardBytes(learnt, sizes)
        for (let shard = own.learns.first; shard < own.learns.last; shard++) {
          const message = new Uint8Array(length)
          await comm.recv(message, holderOf(shard, samples))
          unpackShard(message, learnt, shard - own.learns.first, sizes)
          trajectories.bytes += length
        }
        return learnt
      }),

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
      trajectories: trajectories.total,
      weights: weights.total,
      allreduce: { bytes: gradients },
    }),
  }
  return { strategy, engine, optimizer: makeOptimizer(engine) }
}

/** Room for the rows of some shards, for the columns that `like` has. */
function roomFor(shards: Part, like: Rollout, { sizes, engine }: Setting): Rollout {
  const { network } = engine.layout
  const { first, last } = environmentsOf(shards, sizes.envsPerShard)
  return new Rollout(like.numSteps, last - first, network, count(shards), like.distributions !== null)
}
