import { part } from './base/math/parts.ts'
import type { Communicator } from './collective/communicator.ts'
import type { Engine } from './engine/engine.ts'
import { type Evaluation, play, summarise } from './policy/evaluate.ts'

/** Behind the closing evaluation. */
export const EVALUATION_EPISODES = 100

/**
 * Plays episodes with the engine's policy, its most probable actions; every rank plays its part of them. A collective.
 * @param from number of the first: others begin in other states
 */
export async function evaluateTogether(
  env: string,
  engine: Engine,
  comm: Communicator,
  episodes: number,
  from = 0,
): Promise<Evaluation> {
  const { first, last } = part(episodes, comm.rank, comm.size)
  const played = await play(env, engine, { first: from + first, count: last - first })
  return summarise(await comm.allgather(played))
}

/** What the policy comes to where each rank's environments are its own. */
export interface OwnEvaluation {
  env: string
  meanReturn: number
}

/** By rank: every rank plays `episodes` in its own environment. A collective. */
export async function evaluateEach(
  env: string,
  engine: Engine,
  comm: Communicator,
  episodes: number,
): Promise<OwnEvaluation[]> {
  const played = await comm.allgather(await play(env, engine, { first: 0, count: episodes }))
  const names = await comm.allgather(new TextEncoder().encode(env))
  return played.map((part, rank) => ({
    env: new TextDecoder().decode(names[rank]),
    meanReturn: summarise([part]).meanReturn,
  }))
}
