import { type Part, part } from '../../base/math/parts.ts'
import type { Layout } from '../../engine/layout.ts'
import { type AdamState, LANES } from '../../engine/optimizer.ts'

/** Elements of the flat vector, first .. last - 1. */
export type Slice = Part

/** `count` neighbouring slices of a vector of `size`; each begins where the first lane of a norm does. */
export function slicesOf(size: number, count: number): Slice[] {
  const groups = Math.ceil(size / LANES)
  return Array.from({ length: count }, (_, k) => {
    const { first, last } = part(groups, k, count)
    return { first: LANES * first, last: Math.min(LANES * last, size) }
  })
}

/** The layout of a slice: all tensors, with what there is of each. */
export function cutLayout(layout: Layout, { first, last }: Slice): Layout {
  const inside = (i: number) => Math.min(Math.max(i, first), last) - first
  const tensors = layout.tensors.map(tensor => {
    const offset = inside(tensor.offset)
    return { ...tensor, offset, size: inside(tensor.offset + tensor.size) - offset }
  })
  return { ...layout, tensors, size: last - first }
}

/** A slice of what Adam knows, with its powers. */
export function sliceOfAdam(
  { firstMoment, secondMoment, ...powers }: AdamState,
  { first, last }: Slice,
): AdamState {
  return {
    firstMoment: firstMoment.slice(first, last),
    secondMoment: secondMoment.slice(first, last),
    ...powers,
  }
}

/** Of who leaves all steps to servers. */
export const noAdam = (): AdamState => ({
  firstMoment: new Float32Array(0),
  secondMoment: new Float32Array(0),
  beta1Power: 1,
  beta2Power: 1,
})
