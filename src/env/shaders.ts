import { cartPole } from './cartpole.ts'
import type { Dynamics } from './dynamics.ts'

/**
 * An environment in WGSL, for a device that steps it in batches: float32, else its twin's formulas. `code` defines
 *
 *   alias State = array<f32, S>;  alias Observation = array<f32, O>;  alias Draws = array<f32, D>;
 *   struct Moved { state: State, reward: f32, terminated: bool }
 *   fn start(draws: Draws) -> State                          draws in [0, 1), as Dynamics.start's
 *   fn observe(state: State) -> Observation
 *   fn advance(state: State, action: u32) -> Moved
 *
 * The time limit and new episodes are the caller's.
 */
export interface DeviceDynamics {
  readonly twin: Dynamics
  readonly code: string
}

const shaders = new Map<string, DeviceDynamics>()
const add = (twin: Dynamics, code: string) => shaders.set(twin.id, { twin, code })

/** null: there is none of this environment. */
export function shaderOf(id: string): DeviceDynamics | null {
  return shaders.get(id) ?? null
}

// Sine and cosine by Taylor to 1e-9 of angles up to 1: WGSL's own are 5e-4 off at worst, and an episode is over at 0.21.
add(
  cartPole,
  `
alias State = array<f32, 4>;
alias Observation = array<f32, 4>;
alias Draws = array<f32, 4>;
struct Moved { state: State, reward: f32, terminated: bool }

fn start(draws: Draws) -> State {
  var state: State;
  for (var k = 0u; k < 4u; k++) { state[k] = -0.05 + 0.1 * draws[k]; }
  return state;
}

fn observe(state: State) -> Observation { return state; }

fn sineOf(x: f32) -> f32 {
  let z = x * x;
  return x * (1.0 + z * (-1.0 / 6.0 + z * (1.0 / 120.0 + z * (-1.0 / 5040.0 + z * (1.0 / 362880.0 - z / 39916800.0)))));
}

fn cosineOf(x: f32) -> f32 {
  let z = x * x;
  return 1.0 + z * (-0.5 + z * (1.0 / 24.0 + z * (-1.0 / 720.0 + z * (1.0 / 40320.0 - z / 3628800.0))));
}

fn advance(state: State, action: u32) -> Moved {
  let sine = sineOf(state[2]);
  let cosine = cosineOf(state[2]);
  let force = select(-10.0, 10.0, action == 1u);
  let thrust = (force + 0.05 * (state[3] * state[3]) * sine) / 1.1;
  let angular = (9.8 * sine - cosine * thrust) / (0.5 * (4.0 / 3.0 - 0.1 * (cosine * cosine) / 1.1));
  let acceleration = thrust - 0.05 * angular * cosine / 1.1;
  let next = State(
    state[0] + 0.02 * state[1],
    state[1] + 0.02 * acceleration,
    state[2] + 0.02 * state[3],
    state[3] + 0.02 * angular,
  );
  return Moved(next, 1.0, abs(next[0]) > 2.4 || abs(next[2]) > 0.20943951);
}
`,
)
