import { part } from '../base/math/parts.ts'
import type { Communicator } from '../collective/communicator.ts'
import { makeOptimizer } from '../engine/select.ts'
import { actor } from './actors/actor.ts'
import { Learner } from './actors/learner.ts'
import { everybody } from './allreduce.ts'
import type { Setting, Way } from './way.ts'

/** Updates after which a rollout is too old to learn from, where nothing else is asked for. */
const MAX_STALENESS = 8

/**
 * Asynchronous actors, synchronous updates (IMPALA's; Espeholt et al. 2018): ranks 0 .. L-1 learn, the others sample with the
 * newest policy that they have been sent. The learners take what has come, correct by V-trace for the policy that it came of,
 * and add up their gradients among themselves.
 */
export async function async(setting: Setting): Promise<Way> {
  const { config, sizes, comm, engine } = setting
  const { learners } = config
  const isLearner = comm.rank < learners
  const group = (await comm.split(isLearner ? 0 : 1)) as Communicator
  const shared = { ...everybody(group, sizes.numShards), name: 'async', isPrivate: true as const }
  const optimizer = makeOptimizer(engine)
  if (!isLearner) {
    const strategy = { ...shared, learns: null, max: async () => {} } // what an actor holds is of the past
    return { strategy, engine, optimizer, train: actor(setting, comm.rank % learners) }
  }
  const actors = Array.from({ length: comm.size - learners }, (_, k) => ({
    rank: learners + k,
    shards: part(sizes.numShards, k, comm.size - learners),
  })).filter(({ rank }) => rank % learners === comm.rank)
  const learner = new Learner(setting, actors)
  return {
    strategy: {
      ...shared,
      prepare: state => learner.begin(state),
      collect: rollout => learner.collect(rollout, config.maxStaleness ?? MAX_STALENESS),
      credit: (rollout, gamma, gaeLambda) => learner.credit(rollout, gamma, gaeLambda),
      agree: state => learner.publish(state),
      waited: () => group.elapsed + learner.waited,
      traffic: () => ({ ...shared.traffic(), ...learner.traffic }),
      figures: () => learner.figures,
    },
    engine,
    optimizer,
    train: learner.train,
  }
}
