/** A strided matrix inside a flat array: element (i, j) is `data[first + i * row + j * column]`. */
export interface Matrix {
  data: Float64Array
  first: number
  row: number
  column: number
}

/** The row-major [?, width] matrix that begins at `first`; the number of rows is the caller's business. */
export function rowMajor(data: Float64Array, first: number, width: number): Matrix {
  return { data, first, row: width, column: 1 }
}

/** The same numbers with rows and columns exchanged; nothing is copied. */
export function transposed({ data, first, row, column }: Matrix): Matrix {
  return { data, first, row: column, column: row }
}

/** Rows and columns of a tile: six loads serve eight products, in eight sums that do not wait for each other. */
const TILE_ROWS = 4
const TILE_COLUMNS = 2

// Both operands in the order in which tiles read them: adjacent, whatever the strides were. Grown once.
let left: Float64Array = new Float64Array(0)
let right: Float64Array = new Float64Array(0)

/**
 * c += a b, for c [rows, columns], a [rows, depth], b [depth, columns]; c overlaps neither.
 * Element (i, j) begins with what c holds and gains a(i, k) b(k, j) for k = 0, 1, ... in that order: its bits
 * depend neither on its neighbours nor on how a long depth is cut into calls.
 */
export function multiplyAdd(
  c: Matrix,
  a: Matrix,
  b: Matrix,
  rows: number,
  columns: number,
  depth: number,
): void {
  left = withRoom(left, (rows + TILE_ROWS) * depth)
  right = withRoom(right, (columns + TILE_COLUMNS) * depth)
  pack(left, a.data, a.first, a.row, a.column, rows, depth, TILE_ROWS)
  pack(right, b.data, b.first, b.column, b.row, columns, depth, TILE_COLUMNS)
  for (let i = 0; i < rows; i += TILE_ROWS)
    for (let j = 0; j < columns; j += TILE_COLUMNS) multiplyTile(c, i, rows - 1, j, columns - 1, depth)
}

function withRoom(scratch: Float64Array, size: number): Float64Array {
  return scratch.length < size ? new Float64Array(size) : scratch
}

/** Interleaves `lanes` vectors of length `depth` at a time; beyond the last of `count` it is taken again. */
function pack(
  out: Float64Array,
  data: Float64Array,
  first: number,
  stride: number,
  step: number,
  count: number,
  depth: number,
  lanes: number,
): void {
  for (let i = 0; i < count; i += lanes)
    for (let lane = 0; lane < lanes; lane++) {
      let from = first + Math.min(i + lane, count - 1) * stride
      let to = i * depth + lane
      for (let k = 0; k < depth; k++) {
        out[to] = data[from]
        to += lanes
        from += step
      }
    }
}

/** A tile over the edge computes the last row or column twice: all of c is read before any of it is written. */
function multiplyTile(
  c: Matrix,
  i: number,
  lastRow: number,
  j: number,
  lastColumn: number,
  depth: number,
): void {
  const A = left
  const B = right
  const C = c.data
  const c0 = c.first + i * c.row + j * c.column
  const c1 = c0 + (Math.min(i + 1, lastRow) - i) * c.row
  const c2 = c0 + (Math.min(i + 2, lastRow) - i) * c.row
  const c3 = c0 + (Math.min(i + 3, lastRow) - i) * c.row
  const next = j < lastColumn ? c.column : 0
  let s00 = C[c0]
  let s01 = C[c0 + next]
  let s10 = C[c1]
  let s11 = C[c1 + next]
  let s20 = C[c2]
  let s21 = C[c2 + next]
  let s30 = C[c3]
  let s31 = C[c3 + next]
  let p = i * depth
  const end = (j + TILE_COLUMNS) * depth
  for (let q = j * depth; q < end; q += TILE_COLUMNS) {
    const b0 = B[q]
    const b1 = B[q + 1]
    const a0 = A[p]
    const a1 = A[p + 1]
    const a2 = A[p + 2]
    const a3 = A[p + 3]
    s00 += a0 * b0
    s01 += a0 * b1
    s10 += a1 * b0
    s11 += a1 * b1
    s20 += a2 * b0
    s21 += a2 * b1
    s30 += a3 * b0
    s31 += a3 * b1
    p += TILE_ROWS
  }
  C[c0] = s00
  C[c0 + next] = s01
  C[c1] = s10
  C[c1 + next] = s11
  C[c2] = s20
  C[c2 + next] = s21
  C[c3] = s30
  C[c3 + next] = s31
}
