import { arrays, common, main } from './common.ts'

/** Of a convolution: pictures are [C, H, W], its weights [F, C, K, K]. */
const sizes = `
override C: u32;
override H: u32;
override W: u32;
override F: u32;
override TO_H: u32;
override TO_W: u32;
override K: u32;
override STEP: u32;
override PAD: i32;
override WEIGHT: u32; // places in the flat parameter vector
override BIAS: u32;

fn weightAt(f: u32, c: u32, ky: u32, kx: u32) -> u32 { return WEIGHT + ((f * C + c) * K + ky) * K + kx; }
`

/** y [rows, F, TO_H, TO_W] = W * x + b. */
export const convForward: string = `
${common}
${arrays(['parameters', 'x'], ['y'])}
${sizes}
${main(`
  let toX = i % TO_W;
  let toY = (i / TO_W) % TO_H;
  let f = (i / (TO_W * TO_H)) % F;
  let row = i / (TO_W * TO_H * F);
  if (row >= rows.x) { return; }
  var sum = parameters[BIAS + f];
  for (var c = 0u; c < C; c++) {
    for (var ky = 0u; ky < K; ky++) {
      let fromY = i32(toY * STEP + ky) - PAD;
      if (fromY < 0 || fromY >= i32(H)) { continue; }
      for (var kx = 0u; kx < K; kx++) {
        let fromX = i32(toX * STEP + kx) - PAD;
        if (fromX < 0 || fromX >= i32(W)) { continue; }
        sum += x[((row * C + c) * H + u32(fromY)) * W + u32(fromX)] * parameters[weightAt(f, c, ky, kx)];
      }
    }
  }
  y[i] = sum;
`)}
`

/** dx [rows, C, H, W] += what every output that saw it gives back. */
export const convInput: string = `
${common}
${arrays(['parameters', 'dy'], ['dx'])}
${sizes}
${main(`
  let fromX = i32(i % W);
  let fromY = i32((i / W) % H);
  let c = (i / (W * H)) % C;
  let row = i / (W * H * C);
  if (row >= rows.x) { return; }
  var sum = 0.0;
  for (var ky = 0u; ky < K; ky++) {
    let y = fromY + PAD - i32(ky);
    if (y < 0 || y % i32(STEP) != 0 || y / i32(STEP) >= i32(TO_H)) { continue; }
    for (var kx = 0u; kx < K; kx++) {
      let x = fromX + PAD - i32(kx);
      if (x < 0 || x % i32(STEP) != 0 || x / i32(STEP) >= i32(TO_W)) { continue; }
      let to = u32(y / i32(STEP)) * TO_W + u32(x / i32(STEP));
      for (var f = 0u; f < F; f++) {
        sum += dy[(row * F + f) * TO_H * TO_W + to] * parameters[weightAt(f, c, ky, kx)];
      }
    }
  }
  dx[i] += sum;
`)}
`

/** partial [chunks, P]: each weight's sum over a chunk of rows and all places, and each bias's. */
export const convWeight: string = `
${common}
${arrays(['x', 'dy'], ['partial'])}
${sizes}
override PARAMETERS: u32;
${main(`
  let taps = C * K * K;
  let place = i % (F * (taps + 1u));
  let chunk = i / (F * (taps + 1u));
  let first = chunk * rows.y;
  if (first >= rows.x) { return; }
  let last = min(first + rows.y, rows.x);
  let f = place / (taps + 1u);
  let tap = place % (taps + 1u);
  let isBias = tap == taps;
  let kx = i32(tap % K);
  let ky = i32((tap / K) % K);
  let c = tap / (K * K);
  var sum = 0.0;
  for (var row = first; row < last; row++) {
    var ofRow = 0.0; // sums of sums keep their digits
    for (var toY = 0u; toY < TO_H; toY++) {
      let fromY = i32(toY * STEP) + ky - PAD;
      if (!isBias && (fromY < 0 || fromY >= i32(H))) { continue; }
      for (var toX = 0u; toX < TO_W; toX++) {
        let slope = dy[((row * F + f) * TO_H + toY) * TO_W + toX];
        if (isBias) { ofRow += slope; continue; }
        let fromX = i32(toX * STEP) + kx - PAD;
        if (fromX < 0 || fromX >= i32(W)) { continue; }
        ofRow += slope * x[((row * C + c) * H + u32(fromY)) * W + u32(fromX)];
      }
    }
    sum += ofRow;
  }
  if (isBias) { partial[chunk * PARAMETERS + BIAS + f] = sum; }
  else { partial[chunk * PARAMETERS + WEIGHT + f * taps + tap] = sum; }
`)}
`

const poolSizes = `
override H: u32;
override W: u32;
override TO_H: u32;
override TO_W: u32;
override PLANES: u32; // of a row
override TOP: i32; // padding, as TensorFlow pads: the smaller half before
override LEFT: i32;

// Where in a plane the largest number of a window is.
fn largestOf(plane: u32, toY: u32, toX: u32) -> u32 {
  var largest = 0xffffffffu;
  for (var dy = 0; dy < 3; dy++) {
    for (var dx = 0; dx < 3; dx++) {
      let y = 2 * i32(toY) + dy - TOP;
      let x = 2 * i32(toX) + dx - LEFT;
      if (y < 0 || x < 0 || y >= i32(H) || x >= i32(W)) { continue; }
      let at = u32(y) * W + u32(x);
      if (largest == 0xffffffffu || !(picture[plane * H * W + at] <= picture[plane * H * W + largest])) { largest = at; }
    }
  }
  return largest;
}
`

/** y [rows, PLANES, TO_H, TO_W]: the largest of 3 x 3, every second one. */
export const poolForward: string = `
${common}
${arrays(['picture'], ['y'])}
${poolSizes}
${main(`
  let toX = i % TO_W;
  let toY = (i / TO_W) % TO_H;
  let plane = i / (TO_W * TO_H);
  if (plane >= rows.x * PLANES) { return; }
  y[i] = picture[plane * H * W + largestOf(plane, toY, toX)];
`)}
`

/** dx += the slopes of the windows in which it is the largest: of at most four. */
export const poolInput: string = `
${common}
${arrays(['picture', 'slope'], ['dx'])}
${poolSizes}
${main(`
  let plane = i / (H * W);
  if (plane >= rows.x * PLANES) { return; }
  let at = i % (H * W);
  let y = i32(at / W) + TOP;
  let x = i32(at % W) + LEFT;
  var sum = 0.0;
  for (var toY = max(0, (y - 1) / 2); toY <= min(y / 2, i32(TO_H) - 1); toY++) {
    for (var toX = max(0, (x - 1) / 2); toX <= min(x / 2, i32(TO_W) - 1); toX++) {
      if (largestOf(plane, u32(toY), u32(toX)) == at) {
        sum += slope[(plane * TO_H + u32(toY)) * TO_W + u32(toX)];
      }
    }
  }
  dx[i] += sum;
`)}
`

/** y = max(0, x) [rows, SIZE]; a NaN stays. */
export const reluForward: string = `
${common}
${arrays(['x'], ['y'])}
override SIZE: u32;
${main(`
  if (i >= rows.x * SIZE) { return; }
  y[i] = select(x[i], 0.0, x[i] < 0.0);
`)}
`

export const reluInput: string = `
${common}
${arrays(['y', 'dy'], ['dx'])}
override SIZE: u32;
${main(`
  if (i >= rows.x * SIZE) { return; }
  if (y[i] != 0.0) { dx[i] += dy[i]; }
`)}
`

/** y = a + b [rows, SIZE]. */
export const addForward: string = `
${common}
${arrays(['a', 'b'], ['y'])}
override SIZE: u32;
${main(`
  if (i >= rows.x * SIZE) { return; }
  y[i] = a[i] + b[i];
`)}
`

/** dx += dy [rows, SIZE]. */
export const addInput: string = `
${common}
${arrays(['dy'], ['dx'])}
override SIZE: u32;
${main(`
  if (i >= rows.x * SIZE) { return; }
  dx[i] += dy[i];
`)}
`

/** y [rows, SIZE] = the numbers of an observation in the order [C, H, W], scaled. */
export const pictureForward: string = `
${common}
@group(0) @binding(1) var<storage, read> places: array<u32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
override SIZE: u32;
override SCALE: f32;
${main(`
  if (i >= rows.x * SIZE) { return; }
  y[i] = SCALE * x[i - i % SIZE + places[i % SIZE]];
`)}
`
