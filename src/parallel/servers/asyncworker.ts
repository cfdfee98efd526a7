import { part } from '../../base/math/parts.ts'
import type { Communicator } from '../../collective/communicator.ts'
import { makeOptimizer } from '../../engine/select.ts'
import { ppo } from '../../ppo/ppo.ts'
import type { Rollout } from '../../ppo/rollout.ts'
import type { TrainState } from '../../ppo/state.ts'
import { count, type Strategy } from '../../ppo/strategy.ts'
import { apart, finish } from '../apart.ts'
import type { Setting, Way } from '../way.ts'
import { PushedOptimizer } from './pushedoptimizer.ts'
import { packReport } from './reports.ts'
import type { Slice } from './slices.ts'

/** A worker beside servers that wait for nobody: the loop of ppo.ts on its own shards, with their parameters. */
export function asyncWorker(
  { config, sizes, comm, engine }: Setting,
  alone: Communicator,
  slices: Slice[],
): Way {
  const { servers } = config
  const own = part(sizes.numShards, comm.rank - servers, comm.size - servers)
  const shards = count(own)
  const optimizer = new PushedOptimizer(comm, slices, shards / sizes.numShards, makeOptimizer(engine))
  let held: TrainState
  let rollout: Rollout
  const strategy: Strategy = {
    ...apart(alone, shards),
    samples: own,
    rankOf: () => comm.rank,
    prepare: state => {
      held = state
    },
    stops: async () => false, // the first server says so
    // Others have gone on while it sampled: its first gradient would be too old.
    deliver: async sampled => {
      rollout = sampled
      await optimizer.refresh(held.parameters)
      engine.setParameters(held.parameters)
      return sampled
    },
    agree: async (state, totals) => {
      const [updates, isLast] = await optimizer.report(packReport(shards, totals, rollout.episodes))
      state.update = (isLast ? sizes.numUpdates : updates) - 1 // the loop counts this one
    },
  }
  const train: typeof ppo = async (config, sizes, state, parts) => {
    await ppo(config, sizes, state, { ...parts, keeper: { isDue: () => false, keep: async () => {} } })
    await optimizer.end()
    await finish(comm, engine, state)
  }
  return { strategy, engine, optimizer, sizes: { ...sizes, numShards: shards }, train }
}
