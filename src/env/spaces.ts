/** What observations and actions can be. */

/** Vectors of real numbers with bounds per component (Infinity where open). */
export interface BoxSpace {
  type: 'box'
  shape: readonly number[]
  low: Float32Array
  high: Float32Array
}

/** Boxes by name. In rows their numbers lie one key after the other. */
export interface DictSpace {
  type: 'dict'
  spaces: Readonly<Record<string, BoxSpace>>
}

export type ObservationSpace = BoxSpace | DictSpace

/** Numbers in the order of the space; of a Dict, by key. */
export type Observation = ArrayLike<number> | Readonly<Record<string, ArrayLike<number>>>

/** Whole numbers 0 .. n-1. */
export interface DiscreteSpace {
  type: 'discrete'
  n: number
}

export type ActionSpace = DiscreteSpace | BoxSpace

/** Actions of N rows: Int32Array [N] of a discrete space, Float32Array [N, A] of a box. */
export type Actions = Int32Array | Float32Array

/** A vector of bounded real numbers; or an array of some shape, all within the same bounds: `box(0, 255, [84, 84, 3])`. */
export function box(low: ArrayLike<number>, high: ArrayLike<number>): BoxSpace
export function box(low: number, high: number, shape: readonly number[]): BoxSpace
export function box(
  low: ArrayLike<number> | number,
  high: ArrayLike<number> | number,
  shape: readonly number[] = [(low as ArrayLike<number>).length],
): BoxSpace {
  const size = sizeOf(shape)
  const bounds = (given: ArrayLike<number> | number) =>
    typeof given === 'number' ? new Float32Array(size).fill(given) : Float32Array.from(given)
  return { type: 'box', shape, low: bounds(low), high: bounds(high) }
}

/** Observations of several parts: `dict({ picture: box(0, 255, [84, 84, 3]), speed: box([-1, -1], [1, 1]) })`. */
export function dict(spaces: Record<string, BoxSpace>): DictSpace {
  return { type: 'dict', spaces }
}

/** The space of an observation's row: of a Dict all its numbers as one vector. */
export function rowSpace(space: ObservationSpace): BoxSpace {
  if (space.type === 'box') return space
  const spaces = Object.values(space.spaces)
  return box(
    spaces.flatMap(({ low }) => [...low]),
    spaces.flatMap(({ high }) => [...high]),
  )
}

/** An observation as a row; null: it has other keys or lengths than the space. */
export function rowOf(space: ObservationSpace, observation: Observation): ArrayLike<number> | null {
  const fits = (part: ArrayLike<number> | undefined, { low }: BoxSpace) => part?.length === low.length
  if (space.type === 'box')
    return fits(observation as ArrayLike<number>, space) ? (observation as ArrayLike<number>) : null
  const keys = Object.entries(space.spaces)
  const parts = (observation ?? {}) as Record<string, ArrayLike<number>>
  if (!keys.every(([key, own]) => fits(parts[key], own))) return null
  return Float64Array.from(keys.flatMap(([key]) => Array.from(parts[key])))
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, length) => product * length, 1)

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
