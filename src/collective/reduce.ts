import { bytesOf, type TypedArray } from './arrays.ts'
import { sumKernels } from './kernels/load.ts'

/** How elements are combined over ranks. */
export type ReduceOp = 'sum' | 'mean' | 'max' | 'min'

/** Combines `source` into `target`, element by element. */
export type Reduce = (target: TypedArray, source: TypedArray) => void

/** Below this a call into compiled code takes longer than the loop. */
const KERNEL_BYTES = 1024

/** Addition rounds alike everywhere, so the kernel and the loop give the same bits. */
const add: Reduce = (target, source) => {
  const kernels = target.byteLength >= KERNEL_BYTES && isFloat(target) ? sumKernels() : null
  if (kernels) kernels.add(bytesOf(target), bytesOf(source), isWide(target) ? 1 : 0, target.byteLength)
  else for (let i = 0; i < target.length; i++) target[i] += source[i]
}

export const isFloat = (array: TypedArray): boolean => array instanceof Float32Array || isWide(array)
export const isWide = (array: TypedArray): boolean => array instanceof Float64Array

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
  if (op === 'mean' && !isFloat(array))
    throw new TypeError('a mean of whole numbers is not whole: use a Float64Array, or sum and divide')
}

/**
 * What remains to do when everything is reduced: a mean is a sum, divided once, at the end, by everybody. So
 * its bits are as equal as the sum's, whatever the size divides.
 */
export function finish(op: ReduceOp, reduced: TypedArray, size: number): void {
  if (op === 'mean') for (let i = 0; i < reduced.length; i++) reduced[i] /= size
}
