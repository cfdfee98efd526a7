/** What observations and actions can be. */

/** Vectors of real numbers with bounds per component (Infinity where open). */
export interface BoxSpace {
  type: 'box'
  shape: readonly number[]
  low: Float32Array
  high: Float32Array
}

/** Whole numbers 0 .. n-1. */
export interface DiscreteSpace {
  type: 'discrete'
  n: number
}

export type ActionSpace = DiscreteSpace | BoxSpace

/** Actions of N rows: Int32Array [N] of a discrete space, Float32Array [N, A] of a box. */
export type Actions = Int32Array | Float32Array

/** A vector of bounded real numbers. */
export function box(low: ArrayLike<number>, high: ArrayLike<number>): BoxSpace {
  return { type: 'box', shape: [low.length], low: Float32Array.from(low), high: Float32Array.from(high) }
}

/** Room for the actions of `numEnvs` rows. */
export function actionBuffer(space: ActionSpace, numEnvs: number): Actions {
  return space.type === 'discrete' ? new Int32Array(numEnvs) : new Float32Array(numEnvs * space.low.length)
}

/** What one action is, in words. */
export function describeActions(space: ActionSpace): string {
  if (space.type === 'discrete') return `a whole number 0 .. ${space.n - 1}`
  return `an array of ${space.low.length} number${space.low.length === 1 ? '' : 's'}`
}

/** Whether it is one: inside a discrete space; of a box the right number of finite numbers, inside or not. */
export function isAction(space: ActionSpace, action: unknown): action is number | ArrayLike<number> {
  if (space.type === 'discrete')
    return Number.isInteger(action) && (action as number) >= 0 && (action as number) < space.n
  if (!Array.isArray(action) && !ArrayBuffer.isView(action)) return false
  const numbers = Array.from(action as ArrayLike<unknown>)
  return numbers.length === space.low.length && numbers.every(Number.isFinite)
}

/** Copies `actions` [N, A] to `out`, each component moved into the bounds of `space`; NaN stays. */
export function clipActions(space: BoxSpace, actions: ArrayLike<number>, out: Float32Array): void {
  const { low, high } = space
  for (let at = 0; at < out.length; at += low.length)
    for (let k = 0; k < low.length; k++) out[at + k] = Math.min(high[k], Math.max(low[k], actions[at + k]))
}
