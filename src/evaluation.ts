import { part } from './base/math/parts.ts'
import type { Communicator } from './collective/communicator.ts'
import type { Engine } from './engine/engine.ts'
import { type Evaluation, play, summarise } from './policy/evaluate.ts'

/** Plays episodes with the engine's policy, its most probable actions; every rank plays its part of them. A collective. */
export async function evaluateTogether(
  env: string,
  engine: Engine,
  comm: Communicator,
  episodes: number,
): Promise<Evaluation> {
  const { first, last } = part(episodes, comm.rank, comm.size)
  const played = await play(env, engine, { first, count: last - first })
  return summarise(await comm.allgather(played))
}
