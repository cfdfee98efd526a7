import type { Optimizer } from '../engine/optimizer.ts'
import { makeOptimizer } from '../engine/select.ts'
import type { Strategy } from '../ppo/strategy.ts'
import { allreduceBytes, everybody } from './allreduce.ts'
import { cutOf } from './cut.ts'
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
  /** Of each rank. All take as many steps, so that the rows behind what they hold are as their shards. */
  const weights = cutOf(numShards, comm.size)
  const withMoments = config.average === 'all'
  const message = comm.buffer((withMoments ? 3 : 1) * engine.layout.size, 'float64')
  /** Minibatches since all ranks held the same. */
  let apart = 0
  let bytes = 0

  const average = async (parameters: Float32Array) => {
    const { firstMoment, secondMoment, ...powers } = inner.state
    const arrays = withMoments ? [parameters, firstMoment, secondMoment] : [parameters]
    arrays.forEach((array, k) => {
      message.set(array, k * array.length)
    })
    await takeMean(message)
    arrays.forEach((array, k) => {
      array.set(message.subarray(k * array.length, (k + 1) * array.length))
    })
    inner.state = { firstMoment, secondMoment, ...powers }
    bytes += allreduceBytes(message, comm.size)
    apart = 0
  }

  const takeMean = async (numbers: Float64Array) => {
    for (let i = 0; i < numbers.length; i++) numbers[i] *= weights[comm.rank]
    await comm.allreduce(numbers)
    for (let i = 0; i < numbers.length; i++) numbers[i] /= numShards
  }

  const strategy: Strategy = {
    ...everybody(comm, numShards),
    name: 'local',
    sum: () => {},
    agree: async (state, totals) => {
      if (state.update + 1 === numUpdates && apart > 0) await average(state.parameters)
      await takeMean(totals)
    },
    take: state => {
      if (state.ranks?.length === comm.size) apart = unpack(state.ranks[comm.rank], state)
      state.ranks = null
    },
    complete: async state => {
      const ranks = await comm.allgather(pack(state, apart))
      return meanOf(ranks, weights, state)
    },
    // Between two averages nothing has to be equal.
    max: async values => (apart === 0 ? comm.allreduce(values, 'max') : undefined),
    traffic: () => ({ average: { bytes } }),
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
      if (++apart === every) await average(parameters)
    },
  }
  return { strategy, engine, optimizer }
}
