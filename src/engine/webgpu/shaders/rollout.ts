import { Purpose } from '../../../base/math/streams.ts'
import { common, main } from './common.ts'

/** Numbers of an environment in one step of a trajectory: observation, what was seen, final one, outputs, and four more. */
export const recordOf = (observation: number, actions: number): number => 3 * observation + (actions + 1) + 4

/** Philox4x32-10, and what base/math/streams.ts makes of it, in float32. */
const streams = `
fn high(x: u32, y: u32) -> u32 {
  let middle = (x >> 16u) * (y & 0xffffu) + (((x & 0xffffu) * (y & 0xffffu)) >> 16u);
  let carry = (x & 0xffffu) * (y >> 16u) + (middle & 0xffffu);
  return (x >> 16u) * (y >> 16u) + (middle >> 16u) + (carry >> 16u);
}

fn philox(draw: u32, event: u32, id: u32, purpose: u32) -> vec4u {
  var c = vec4u(draw, event, id, purpose);
  var key = vec2u(settings[0], settings[1]);
  for (var round = 0; round < 10; round++) {
    c = vec4u(
      high(0xcd9e8d57u, c.z) ^ c.y ^ key.x, 0xcd9e8d57u * c.z,
      high(0xd2511f53u, c.x) ^ c.w ^ key.y, 0xd2511f53u * c.x,
    );
    key += vec2u(0x9e3779b9u, 0xbb67ae85u);
  }
  return c;
}

// Of a number in [0, 1) the first 24 bits, which are all that float32 holds.
fn uniform24(word: u32) -> f32 { return f32(word >> 8u) * 5.9604645e-8; }
`

/** Reads \`settings\`: [seed (2), firstEnv, first step, time limit, steps]. \`counters\` [N, 3]: steps and episodes, and how many of these steps are played. */
const bindings = `
@group(0) @binding(1) var<storage, read> settings: array<u32>;
@group(0) @binding(2) var<storage, read> normalizer: array<f32>; // [mean, scale, clip]
@group(0) @binding(3) var<storage, read> outputs: array<f32>;
@group(0) @binding(4) var<storage, read_write> states: array<f32>;
@group(0) @binding(5) var<storage, read_write> counters: array<u32>;
@group(0) @binding(6) var<storage, read_write> seen: array<f32>;
@group(0) @binding(7) var<storage, read_write> trajectory: array<f32>;
override S: u32;
override O: u32;
override D: u32;
override A: u32;
`

const looking = `
fn stateOf(i: u32) -> State {
  var state: State;
  for (var k = 0u; k < S; k++) { state[k] = states[i * S + k]; }
  return state;
}

fn see(i: u32, observation: Observation) {
  let clip = normalizer[2u * O];
  for (var k = 0u; k < O; k++) {
    seen[i * O + k] = clamp((observation[k] - normalizer[k]) * normalizer[O + k], -clip, clip);
  }
}
`

/** What the networks see first. */
export const beginRollout = (dynamics: string): string => `
${common}
@group(0) @binding(1) var<storage, read> normalizer: array<f32>;
@group(0) @binding(2) var<storage, read> states: array<f32>;
@group(0) @binding(3) var<storage, read_write> counters: array<u32>;
@group(0) @binding(4) var<storage, read_write> seen: array<f32>;
override S: u32;
override O: u32;
${dynamics}
${looking}
${main(`
  if (i >= rows.x) { return; }
  counters[3u * i + 2u] = 0u;
  see(i, observe(stateOf(i)));
`)}
`

/**
 * One step of every environment: an action drawn from the outputs, what becomes of it, and a new episode where one ends.
 * All of it goes to the trajectory [T, N, record], behind which states [N, S + 2] are kept.
 */
export const stepRollout = (dynamics: string): string => `
${common}
${bindings}
${streams}
${dynamics}
${looking}

// As categorical.ts: inversion of the cumulated probabilities; never an action of probability 0.
fn draw(at: u32, u: f32) -> u32 {
  var largest = outputs[at];
  for (var j = 1u; j < A; j++) { largest = max(largest, outputs[at + j]); }
  var sum = 0.0;
  for (var j = 0u; j < A; j++) { sum += exp(outputs[at + j] - largest); }
  var cumulated = 0.0;
  var possible = 0u;
  for (var j = 0u; j < A; j++) {
    let p = exp(outputs[at + j] - largest) / sum;
    if (p > 0.0) { possible = j; }
    cumulated += p;
    if (u < cumulated) { return j; }
  }
  return possible;
}

fn startOf(i: u32, episode: u32) -> State {
  var draws: Draws;
  var words: vec4u;
  for (var k = 0u; k < D; k++) {
    if (k % 4u == 0u) { words = philox(k / 4u, episode, settings[2] + i, ${Purpose.reset}u); }
    draws[k] = uniform24(words[k % 4u]);
  }
  return start(draws);
}
${main(`
  if (i >= rows.x) { return; }
  let n = rows.x;
  let t = counters[3u * i + 2u];
  let id = settings[2] + i;
  let before = stateOf(i);
  let observation = observe(before);
  let at = (t * n + i) * (3u * O + A + 5u);
  for (var k = 0u; k < O; k++) {
    trajectory[at + k] = observation[k];
    trajectory[at + O + k] = seen[i * O + k];
  }
  for (var j = 0u; j <= A; j++) { trajectory[at + 3u * O + j] = outputs[i * (A + 1u) + j]; }
  let action = draw(i * (A + 1u), uniform24(philox(0u, settings[3] + t, id, ${Purpose.action}u).x));

  let moved = advance(before, action);
  var after = moved.state;
  let length = counters[3u * i] + 1u;
  let truncated = length >= settings[4];
  counters[3u * i] = length;
  let last = observe(after);
  for (var k = 0u; k < O; k++) { trajectory[at + 2u * O + k] = last[k]; }
  let rest = at + 3u * O + A + 1u;
  trajectory[rest] = f32(action);
  trajectory[rest + 1u] = moved.reward;
  trajectory[rest + 2u] = select(0.0, 1.0, moved.terminated);
  trajectory[rest + 3u] = select(0.0, 1.0, truncated);
  if (moved.terminated || truncated) {
    after = startOf(i, counters[3u * i + 1u]);
    counters[3u * i] = 0u;
    counters[3u * i + 1u] += 1u;
  }

  counters[3u * i + 2u] = t + 1u;
  let kept = settings[5] * n * (3u * O + A + 5u) + i * (S + 2u);
  for (var k = 0u; k < S; k++) {
    states[i * S + k] = after[k];
    trajectory[kept + k] = after[k];
  }
  trajectory[kept + S] = f32(counters[3u * i]);
  trajectory[kept + S + 1u] = f32(counters[3u * i + 1u]);
  see(i, observe(after));
`)}
`
