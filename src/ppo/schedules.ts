export type Schedule = 'linear' | 'constant'
export type LrSchedule = Schedule | 'kl'

/**
 * The value of a quantity during `update`, counted from 0: 'linear' falls from `initial` in the first update
 * to initial / numUpdates in the last (CleanRL's annealing), so it is never 0 while something is learnt.
 */
export function scheduled(kind: Schedule, initial: number, update: number, numUpdates: number): number {
  return kind === 'linear' ? linear(initial, update, numUpdates) : initial
}

export function linear(initial: number, update: number, numUpdates: number): number {
  return initial * (1 - update / numUpdates)
}

/** How a quantity follows the KL: outside low .. high times the target it is multiplied, within bounds. */
export interface Adaptation {
  high: number
  low: number
  /** Factors above `high` and below `low`. */
  whenHigh: number
  whenLow: number
  least: number
  most: number
  /** A KL of 0 moves nothing (rsl_rl). */
  needsPositiveKl?: boolean
}

/** Penalty coefficient of the PPO paper (Schulman et al. 2017, section 4). */
export const paperKlCoefficient: Adaptation = {
  high: 1.5,
  low: 1 / 1.5,
  whenHigh: 2,
  whenLow: 0.5,
  least: 1e-6,
  most: 1e6,
}

/** RLlib's: slower upwards, and a wider band. */
export const rllibKlCoefficient: Adaptation = { ...paperKlCoefficient, high: 2, low: 0.5, whenHigh: 1.5 }

/** Learning rate of rl_games and Isaac's trainers. */
export const klLearningRate: Adaptation = {
  high: 2,
  low: 0.5,
  whenHigh: 1 / 1.5,
  whenLow: 1.5,
  least: 1e-6,
  most: 1e-2,
}

/** The quantity after a KL has been measured; all comparisons are strict. */
export function adapt(value: number, kl: number, target: number, rule: Adaptation): number {
  if (kl > rule.high * target) return within(value * rule.whenHigh, rule)
  if (kl < rule.low * target && (kl > 0 || !rule.needsPositiveKl)) return within(value * rule.whenLow, rule)
  return value
}

const within = (value: number, { least, most }: Adaptation): number => Math.min(Math.max(value, least), most)
