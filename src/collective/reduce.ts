import type { TypedArray } from './arrays.ts'

/** How elements are combined over ranks. */
export type ReduceOp = 'sum' | 'mean' | 'max' | 'min'

/** Combines `source` into `target`, element by element. */
export type Reduce = (target: TypedArray, source: TypedArray) => void

const add: Reduce = (target, source) => {
  for (let i = 0; i < target.length; i++) target[i] += source[i]
}

/** Math.max and Math.min: NaN wins from either side, a rank's bad number must reach everybody; and 0 is above -0. */
export const reductions: Record<ReduceOp, Reduce> = {
  sum: add,
  mean: add,
  max: (target, source) => {
    for (let i = 0; i < target.length; i++) target[i] = Math.max(target[i], source[i])
  },
  min: (target, source) => {
    for (let i = 0; i < target.length; i++) target[i] = Math.min(target[i], source[i])
  },
}

/** Throws TypeError for what no rank could do; before anything is sent. */
export function checkReducible(op: ReduceOp, array: TypedArray): void {
  if (!Object.hasOwn(reductions, op))
    throw new TypeError(`no reduction '${op}': there are ${Object.keys(reductions).join(', ')}`)
  if (op === 'mean' && !(array instanceof Float32Array || array instanceof Float64Array))
    throw new TypeError('a mean of whole numbers is not whole: use a Float64Array, or sum and divide')
}

/**
 * What remains to do when everything is reduced: a mean is a sum, divided once, at the end, by everybody. So
 * its bits are as equal as the sum's, whatever the size divides.
 */
export function finish(op: ReduceOp, reduced: TypedArray, size: number): void {
  if (op === 'mean') for (let i = 0; i < reduced.length; i++) reduced[i] /= size
}
