import { part } from '../base/math/parts.ts'
import { type Layout, type Tensor, tensorsOf } from './layout.ts'

/**
 * A network divided between K ranks by the width of its layers (Shoeybi et al. 2019, "Megatron-LM"): layers in pairs,
 * counted from the head. The lower one of a pair is divided by its outputs, the upper one by its inputs, which are
 * those outputs; so there is one sum of activations per pair forward, and one of gradients backward. A lowest layer
 * that is left over is whole on every rank.
 *
 *     x ──► [ W1, rows 0 .. ] ──► h, part 0 ──► [ W2, columns 0 .. ] ──┐
 *     x ──► [ W1, rows n .. ] ──► h, part 1 ──► [ W2, columns n .. ] ──┴─ sum ─► y on both
 */
export type Axis = 'outputs' | 'inputs' | null

/** How each tensor is divided, in the layout's order. */
export function axesOf(layout: Layout): Axis[] {
  const parts = (['trunk', 'actor', 'critic'] as const).map(name => tensorsOf(layout, name))
  const [trunk] = parts
  return layout.tensors.map(tensor => {
    const tensors = parts.find(tensors => tensors.includes(tensor))
    if (!tensors) return null // log_std, and convolutions
    const index = tensors.indexOf(tensor)
    const layer = Math.floor(index / 2)
    const below = tensors === trunk ? 0 : trunk.length / 2 // layers under this part's first
    const toHead = tensors.length / 2 - 1 - layer + (tensors === trunk ? 1 : 0)
    const isBias = index % 2 === 1
    if (toHead % 2 === 1) return 'outputs'
    return isBias || layer + below === 0 ? null : 'inputs'
  })
}

/** The layout of what rank `rank` of `size` holds: the same tensors, narrower. */
export function divide(layout: Layout, rank: number, size: number): Layout {
  const axes = axesOf(layout)
  let offset = 0
  const tensors = layout.tensors.map((tensor, t): Tensor => {
    const { rows, columns } = pieceOf(tensor, axes[t], rank, size)
    const [height, width] = [rows.last - rows.first, columns.last - columns.first]
    const shape = tensor.shape.length === 2 ? [height, width] : [height]
    const divided = { ...tensor, shape, offset, size: height * width }
    offset += divided.size
    return divided
  })
  return { ...layout, tensors, size: offset }
}

/** What rank `rank` of `size` holds of a flat vector [P]. */
export function cut(layout: Layout, whole: Float32Array, rank: number, size: number): Float32Array {
  const piece = new Float32Array(divide(layout, rank, size).size)
  copyPiece(layout, rank, size, (from, to, length) => piece.set(whole.subarray(from, from + length), to))
  return piece
}

/** The flat vector [P] of which each rank holds a piece. */
export function join(layout: Layout, pieces: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(layout.size)
  pieces.forEach((piece, rank) => {
    copyPiece(layout, rank, pieces.length, (to, from, length) =>
      whole.set(piece.subarray(from, from + length), to),
    )
  })
  return whole
}

/** Names each run of neighbours: where it begins in the whole vector and in the rank's, and its length. */
function copyPiece(
  layout: Layout,
  rank: number,
  size: number,
  copy: (inWhole: number, inPiece: number, length: number) => void,
): void {
  const axes = axesOf(layout)
  let at = 0
  for (const [t, tensor] of layout.tensors.entries()) {
    const { rows, columns } = pieceOf(tensor, axes[t], rank, size)
    const width = tensor.shape.length === 2 ? tensor.shape[1] : 1
    for (let row = rows.first; row < rows.last; row++) {
      copy(tensor.offset + row * width + columns.first, at, columns.last - columns.first)
      at += columns.last - columns.first
    }
  }
}

/** Rows and columns of a tensor, a bias being one column. */
function pieceOf({ shape, size: elements }: Tensor, axis: Axis, rank: number, size: number) {
  const [height, width] = shape.length === 2 ? shape : [elements, 1]
  const all = (n: number) => ({ first: 0, last: n })
  return {
    rows: axis === 'outputs' ? part(height, rank, size) : all(height),
    columns: axis === 'inputs' ? part(width, rank, size) : all(width),
  }
}

/** The narrowest layer that is divided: no more ranks than this can share the network. */
export function narrowest({ network }: Layout): number {
  return Math.min(...network.hidden)
}
