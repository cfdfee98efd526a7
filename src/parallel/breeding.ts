import { Purpose, uniform } from '../base/math/streams.ts'
import type { TrainConfig } from '../ppo/config.ts'

/** What members differ in. */
export type Settings = Pick<TrainConfig, 'learningRate' | 'entCoef'>

/** Part of the members that is replaced, and part that may take their places (Jaderberg et al. 2017). */
const QUARTER = 4

/** The member that does best; of equals the first. */
export const bestOf = (scores: readonly number[]): number => scores.indexOf(Math.max(...scores))

/**
 * Whom each member goes on from: itself, or, in the worst quarter, one of the best quarter that does better. A pure function, of
 * numbers that all ranks have.
 */
export function parentsOf(scores: readonly number[], seed: number, update: number): number[] {
  const order = [...scores.keys()].sort((a, b) => scores[b] - scores[a] || a - b)
  const some = Math.ceil(scores.length / QUARTER)
  const best = order.slice(0, some)
  const worst = new Set(order.slice(-some))
  return scores.map((score, member) => {
    const drawn = best[Math.floor(uniform(seed, Purpose.explore, member, update, 0) * best.length)]
    return worst.has(member) && scores[drawn] > score ? drawn : member
  })
}

/** Settings a step up or down, each by its own draw. */
export function explored(
  { learningRate, entCoef }: Settings,
  { seed, explore }: Pick<TrainConfig, 'seed' | 'explore'>,
  member: number,
  update: number,
): Settings {
  const step = (draw: number) =>
    uniform(seed, Purpose.explore, member, update, draw) < 0.5 ? explore : 1 / explore
  return { learningRate: learningRate * step(1), entCoef: entCoef * step(2) }
}
