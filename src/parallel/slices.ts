import { type Part, part } from '../base/math/parts.ts'
import type { Layout } from '../engine/layout.ts'
import { LANES } from '../engine/optimizer.ts'

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
