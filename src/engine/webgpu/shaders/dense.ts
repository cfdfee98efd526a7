import type { Activation } from '../../layout.ts'
import { arrays, common, main } from './common.ts'

/** Codes of ACTIVATION. */
export const activations: Record<Activation | 'none', number> = { none: 0, tanh: 1, relu: 2, elu: 3 }

/** Numbers of a product that a thread makes along each side: 16 from 8 that it loads. */
const TILE = 4

/** Threads that a product [m, n] takes. */
export const tilesOf = (m: number, n: number): number => Math.ceil(m / TILE) * Math.ceil(n / TILE)

/**
 * A product of matrices, put(m, n) = sum over k of a(m, k) b(k, n), which forward pass and both gradients are. Every sum
 * goes over k in order: tiles do not show.
 */
const product = `
fn multiply(tile: u32, most: vec2u, first: u32, last: u32) {
  let across = (most.y + 3u) / 4u;
  let m = 4u * (tile / across);
  let n = 4u * (tile % across);
  // Beyond the edge the last one again, which is not put anywhere.
  let ms = min(vec4u(m, m + 1u, m + 2u, m + 3u), vec4u(most.x - 1u));
  let ns = min(vec4u(n, n + 1u, n + 2u, n + 3u), vec4u(most.y - 1u));
  var sums = array<vec4f, 4>();
  for (var k = first; k < last; k++) {
    let v = vec4f(b(k, ns.x), b(k, ns.y), b(k, ns.z), b(k, ns.w));
    sums[0] += a(ms.x, k) * v;
    sums[1] += a(ms.y, k) * v;
    sums[2] += a(ms.z, k) * v;
    sums[3] += a(ms.w, k) * v;
  }
  for (var i = 0u; i < min(4u, most.x - m); i++) {
    for (var j = 0u; j < min(4u, most.y - n); j++) { put(m + i, n + j, sums[i][j]); }
  }
}
`

const sizes = `
override IN: u32;
override OUT: u32;
override WEIGHT: u32; // places in the flat parameter vector
override BIAS: u32;
override STRIDE: u32; // of a row of y; its first number
override COLUMN: u32;
`

/** y [rows, STRIDE] = f(x [rows, IN] W^T + b), in columns COLUMN and on. */
export const denseForward: string = `
${common}
${arrays(['parameters', 'x'], ['y'])}
${sizes}
override ACTIVATION: u32;

// WGSL's own tanh may lose digits, or overflow: this is the kernels' (base/math/kernels/math.h), to 3e-7.
fn tanhOf(x: f32) -> f32 {
  let y = clamp(x, -7.9, 7.9);
  let z = y * y;
  let p = 1.0 + z * (0.134444520 + z * (3.57169565e-3 + z * (2.19034137e-5 + z * 1.52596780e-8)));
  let q = 1.0 + z * (0.467777729 + z * (2.61644125e-2 + z * (3.41174280e-4 + z * 8.53054587e-7)));
  return y * p / q;
}

fn activate(x: f32) -> f32 {
  let isNaN = (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; // x != x may be taken for false
  if (ACTIVATION == 0u || isNaN) { return x; }
  if (ACTIVATION == 1u) { return tanhOf(x); }
  if (x > 0.0) { return x; }
  if (ACTIVATION == 2u) { return 0.0; }
  return exp(x) - 1.0;
}

fn a(row: u32, k: u32) -> f32 { return x[row * IN + k]; }
fn b(k: u32, o: u32) -> f32 { return parameters[WEIGHT + o * IN + k]; }
fn put(row: u32, o: u32, sum: f32) { y[row * STRIDE + COLUMN + o] = activate(sum + parameters[BIAS + o]); }
${product}
${main(`
  if (i < (rows.x + 3u) / 4u * ((OUT + 3u) / 4u)) { multiply(i, vec2u(rows.x, OUT), 0u, IN); }
`)}
`

/** dx [rows, IN] += dy W. */
export const denseInput: string = `
${common}
${arrays(['parameters', 'dy'], ['dx'])}
${sizes}
fn a(row: u32, o: u32) -> f32 { return dy[row * STRIDE + COLUMN + o]; }
fn b(o: u32, k: u32) -> f32 { return parameters[WEIGHT + o * IN + k]; }
fn put(row: u32, k: u32, sum: f32) { dx[row * IN + k] += sum; }
${product}
${main(`
  if (i < (rows.x + 3u) / 4u * ((IN + 3u) / 4u)) { multiply(i, vec2u(rows.x, IN), 0u, OUT); }
`)}
`

/** partial [chunks, P] = dy^T [x, 1], over a chunk of rows each: weights and, in the last column, biases. */
export const denseWeight: string = `
${common}
${arrays(['x', 'dy'], ['partial'])}
${sizes}
override PARAMETERS: u32;
var<private> chunk: u32;

fn a(o: u32, row: u32) -> f32 { return dy[row * STRIDE + COLUMN + o]; }
fn b(row: u32, k: u32) -> f32 {
  if (k == IN) { return 1.0; }
  return x[row * IN + k];
}
fn put(o: u32, k: u32, sum: f32) {
  partial[chunk * PARAMETERS + select(WEIGHT + o * IN + k, BIAS + o, k == IN)] = sum;
}
${product}
${main(`
  let tiles = (OUT + 3u) / 4u * ((IN + 4u) / 4u);
  chunk = i / tiles;
  let first = chunk * rows.y;
  if (first >= rows.x) { return; }
  multiply(i % tiles, vec2u(OUT, IN + 1u), first, min(first + rows.y, rows.x));
`)}
`

/** dy *= f'(y) [rows, OUT], as a function of the output. */
export const denseSlope: string = `
${common}
${arrays(['y'], ['dy'])}
override OUT: u32;
override ACTIVATION: u32;
${main(`
  if (i >= rows.x * OUT) { return; }
  let h = y[i];
  if (ACTIVATION == 1u) { dy[i] *= 1.0 - h * h; }
  else if (h <= 0.0) { dy[i] *= select(0.0, 1.0 + h, ACTIVATION == 3u); }
`)}
`

/** gradient [P] = the sum of the chunks. */
export const foldChunks: string = `
${common}
${arrays(['partial'], ['gradient'])}
override PARAMETERS: u32;
${main(`
  if (i >= PARAMETERS) { return; }
  var sum = 0.0;
  for (var chunk = 0u; chunk * rows.y < rows.x; chunk++) { sum += partial[chunk * PARAMETERS + i]; }
  gradient[i] = sum;
`)}
`

/** x [rows, SIZE] = the rows of all that \`indices\` name. */
export const gatherRows: string = `
${common}
@group(0) @binding(1) var<storage, read> indices: array<u32>;
@group(0) @binding(2) var<storage, read> all: array<f32>;
@group(0) @binding(3) var<storage, read_write> x: array<f32>;
override SIZE: u32;
${main(`
  if (i >= rows.x * SIZE) { return; }
  x[i] = all[indices[i / SIZE] * SIZE + i % SIZE];
`)}
`
