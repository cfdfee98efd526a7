export type Schedule = 'linear' | 'constant'

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
