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
  const cutter = new Cutter(layout, rank, size)
  cutter.add(whole)
  return cutter.piece
}

/** Takes a flat vector [P] block by block, in its order, and keeps what rank `rank` of `size` holds of it. */
export class Cutter {
  readonly piece: Float32Array
  readonly #runs: Iterator<[from: number, length: number]>
  #run: [from: number, length: number] | undefined
  /** Elements of the whole that have come, and of the piece that have been kept. */
  #come = 0
  #kept = 0

  constructor(layout: Layout, rank: number, size: number) {
    this.piece = new Float32Array(size === 1 ? layout.size : divide(layout, rank, size).size)
    this.#runs = allRuns(layout, rank, size)
    this.#run = this.#runs.next().value
  }

  add(block: Float32Array): void {
    const end = this.#come + block.length
    while (this.#run && this.#run[0] < end) {
      const [from, length] = this.#run
      const now = Math.min(length, end - from)
      this.piece.set(block.subarray(from - this.#come, from - this.#come + now), this.#kept)
      this.#kept += now
      this.#run = now < length ? [from + now, length - now] : this.#runs.next().value
    }
    this.#come = end
  }
}

function* allRuns(layout: Layout, rank: number, size: number): Generator<[from: number, length: number]> {
  if (size === 1) yield [0, layout.size]
  else for (const t of layout.tensors.keys()) yield* runsOf(layout, t, rank, size)
}

/** Elements of a block, about. */
const BLOCK = 1 << 18

/**
 * The flat vector [P] of which this rank holds a piece, in blocks, in its order: nobody holds more of it at a time.
 * @param exchange gives everybody's part, in the order of ranks: called equally often on all of them
 */
export async function* blocksOf(
  layout: Layout,
  piece: Float32Array,
  rank: number,
  size: number,
  exchange: (part: Float32Array) => Promise<Float32Array[]>,
): AsyncGenerator<Float32Array> {
  const axes = axesOf(layout)
  let at = 0
  for (const [t, tensor] of layout.tensors.entries()) {
    const own = pieceOf(tensor, axes[t], rank, size)
    const [height, width] = heightAndWidth(tensor)
    const ownWidth = own.columns.last - own.columns.first
    const step = Math.max(1, Math.floor(BLOCK / width))
    for (let row = 0; row < height; row += step) {
      const inPiece = (r: number) =>
        at + (Math.min(Math.max(r, own.rows.first), own.rows.last) - own.rows.first) * ownWidth
      const part = piece.subarray(inPiece(row), inPiece(Math.min(row + step, height)))
      yield axes[t] === null ? part : joined(await exchange(part), axes[t], Math.min(step, height - row))
    }
    at += (own.rows.last - own.rows.first) * ownWidth
  }
}

/** Some rows of a tensor, of which each part has some, or some columns. */
function joined(parts: readonly Float32Array[], axis: Axis, rows: number): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0))
  let to = 0
  const inTurn = axis === 'inputs' ? rows : 1
  for (let row = 0; row < inTurn; row++)
    for (const part of parts) {
      const length = part.length / inTurn
      whole.set(part.subarray(row * length, (row + 1) * length), to)
      to += length
    }
  return whole
}

/** What rank `rank` of `size` holds of a tensor: where in the whole vector each run of neighbours begins, and its length. */
export function* runsOf(
  layout: Layout,
  tensor: number,
  rank: number,
  size: number,
): Generator<[from: number, length: number]> {
  const { offset } = layout.tensors[tensor]
  const { rows, columns } = pieceOf(layout.tensors[tensor], axesOf(layout)[tensor], rank, size)
  const [, width] = heightAndWidth(layout.tensors[tensor])
  const length = columns.last - columns.first
  for (let row = rows.first; row < rows.last; row++) yield [offset + row * width + columns.first, length]
}

/** Of a tensor, a bias being one column. */
const heightAndWidth = ({ shape, size }: Tensor): readonly number[] =>
  shape.length === 2 ? shape : [size, 1]

/** Rows and columns that a rank holds. */
function pieceOf(tensor: Tensor, axis: Axis, rank: number, size: number) {
  const [height, width] = heightAndWidth(tensor)
  const all = (n: number) => ({ first: 0, last: n })
  return {
    rows: axis === 'outputs' ? part(height, rank, size) : all(height),
    columns: axis === 'inputs' ? part(width, rank, size) : all(width),
  }
}
