/** Initial parameters: orthogonal weights (Saxe et al. 2014), zero biases and log_std, the gains that PPO codes share. */
import { normal, Purpose } from '../base/math/streams.ts'
import { divide, runsOf } from './division.ts'
import { type Layout, type Tensor, tensorsOf } from './layout.ts'

/**
 * The flat vector [P] that training starts from, or what rank `rank` of `size` holds of it (division.ts): a function of
 * the layout and the seed alone. No more of a wide layer is drawn than that.
 */
export function initialParameters(layout: Layout, seed: number, rank = 0, size = 1): Float32Array {
  const parameters = new Float32Array(size === 1 ? layout.size : divide(layout, rank, size).size)
  let at = 0
  layout.tensors.forEach((tensor, index) => {
    const draw = (i: number) => normal(seed, Purpose.init, index, 0, i)
    const element = tensor.shape.length > 1 ? elementsOf(tensor, gainOf(layout, tensor), draw) : () => 0
    for (const [from, length] of runsOf(layout, index, rank, size))
      for (let i = from - tensor.offset; i < from - tensor.offset + length; i++) parameters[at++] = element(i)
  })
  return parameters
}

/** Above this many rows and columns a weight is not made orthogonal: that takes time with their third power. */
const WIDEST = 1024

/**
 * The elements of a weight, by place. Of two wide layers independent numbers of the same size, whose products are nearly
 * orthogonal by themselves.
 */
function elementsOf(
  { shape: [rows], size }: Tensor,
  gain: number,
  draw: (i: number) => number,
): (i: number) => number {
  const columns = size / rows // of a convolution: all that one filter sees
  const scale = gain / Math.sqrt(Math.max(rows, columns))
  if (Math.min(rows, columns) > WIDEST) return i => scale * draw(i)
  const gaussian = Float64Array.from({ length: size }, (_, i) => draw(i))
  const weight = orthogonal(gaussian, rows, columns, gain)
  return i => weight[i]
}

/** A policy head near zero starts from nearly equal probabilities whatever the observation. */
function gainOf(layout: Layout, tensor: Tensor): number {
  if (tensor === tensorsOf(layout, 'actor').at(-2)) return 0.01
  if (tensor === tensorsOf(layout, 'critic').at(-2)) return 1
  return Math.sqrt(2)
}

/**
 * Maps a Gaussian matrix to an evenly distributed orthogonal one, times `gain`: Q of its QR factorisation with
 * positive diagonal of R; of the transpose where the matrix is wide (torch.nn.init.orthogonal_).
 * @param gaussian [rows, columns], row-major
 * @returns [rows, columns]: orthogonal columns if tall, orthogonal rows if wide
 */
export function orthogonal(
  gaussian: Float64Array,
  rows: number,
  columns: number,
  gain: number,
): Float64Array {
  const wide = rows < columns
  const count = wide ? rows : columns
  const length = wide ? columns : rows
  const vectors = wide ? gaussian.slice() : transpose(gaussian, rows, columns) // [count, length]
  for (let i = 0; i < count; i++) orthonormalise(vectors, i, length)
  const unit = wide ? vectors : transpose(vectors, columns, rows)
  return unit.map(x => gain * x)
}

/** Makes vector i orthogonal to those before it, of length 1 (modified Gram-Schmidt: R's diagonal is positive). */
function orthonormalise(vectors: Float64Array, i: number, length: number): void {
  const vector = vectors.subarray(i * length, (i + 1) * length)
  // Twice: the first pass leaves a remainder where the Gaussian is ill-conditioned.
  for (let pass = 0; pass < 2; pass++)
    for (let j = 0; j < i; j++) {
      const earlier = vectors.subarray(j * length, (j + 1) * length)
      const overlap = dot(vector, earlier)
      for (let k = 0; k < length; k++) vector[k] -= overlap * earlier[k]
    }
  const norm = Math.sqrt(dot(vector, vector))
  for (let k = 0; k < length; k++) vector[k] /= norm
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let k = 0; k < a.length; k++) sum += a[k] * b[k]
  return sum
}

/** [rows, columns] to [columns, rows]. */
function transpose(matrix: Float64Array, rows: number, columns: number): Float64Array {
  const transposed = new Float64Array(matrix.length)
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++) transposed[c * rows + r] = matrix[r * columns + c]
  return transposed
}
