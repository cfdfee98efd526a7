import type { Communicator } from '../collective/communicator.ts'
import type { Engine } from '../engine/engine.ts'
import type { TrainState } from '../ppo/state.ts'
import type { Strategy } from '../ppo/strategy.ts'
import { everybody } from './allreduce.ts'

/** What ranks that push and pull have in common: each goes by itself, and until the end none has to hold what another does. */
export const apart = (alone: Communicator, numShards: number): Strategy => ({
  ...everybody(alone, numShards),
  name: 'server',
  isPrivate: true,
  max: async () => {},
})

/** In the end all hold what the first server's last update came to. */
export async function finish(comm: Communicator, engine: Engine, state: TrainState): Promise<void> {
  const update = Float64Array.of(state.update)
  await comm.broadcast(update)
  await comm.broadcast(state.parameters)
  state.update = update[0]
  engine.setParameters(state.parameters)
}
