import type { Optimizer } from '../engine/optimizer.ts'
import { makeOptimizer } from '../engine/select.ts'
import type { Strategy } from '../ppo/strategy.ts'
import { everybody } from './allreduce.ts'
import { Averaging } from './averaging.ts'
import { meanOf, pack, unpack } from './ownstate.ts'
import type { Setting, Way } from './way.ts'

/**
 * Local steps (local SGD, Stich 2019; parameter averaging): every rank learns from its own shards with an optimiser
 * of its own, and every few minibatches all take the mean of what they hold, weighted by the rows behind it.
 * @param inner what moves this rank's parameters
 */
export function local(
  setting: Omit<Setting, 'score'>,
  inner: Optimizer = makeOptimizer(setting.engine),
): Way {
  const { config, sizes, comm, engine } = setting
  const { numShards, numMinibatches, numUpdates } = sizes
  const perUpdate = config.updateEpochs * numMinibatches
  const every = config.averageEvery * (config.averageUnit === 'updates' ? perUpdate : 1)
  const mean = new Averaging(setting, inner)

  const strategy: Strategy = {
    ...everybody(comm, numShards),
    name: 'local',
    sum: () => {},
    agree: async (state, totals) => {
      if (state.update + 1 === numUpdates && mean.apart > 0) await mean.take(state.parameters)
      await mean.takeOf(totals)
    },
    take: state => {
      if (state.ranks?.length === comm.size) mean.apart = unpack(state.ranks[comm.rank], state)
      state.ranks = null
    },
    complete: async state => meanOf(await comm.allgather(pack(state, mean.apart)), mean.weights, state),
    // Between two averages nothing has to be equal.
    max: async values => (mean.apart === 0 ? comm.allreduce(values, 'max') : undefined),
    traffic: () => ({ average: { bytes: mean.bytes } }),
  }

  const optimizer: Optimizer = {
    get state() {
      return inner.state
    },
    set state(state) {
      inner.state = state
    },
    average: (sums, rows, largest) => inner.average(sums, rows, largest),
    step: async (parameters, ...how) => {
      await inner.step(parameters, ...how)
      if (++mean.apart === every) await mean.take(parameters)
    },
  }
  return { strategy, engine, optimizer }
}
