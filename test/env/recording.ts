/** What Gymnasium recorded (test/data/README.md), and how near to it is near enough. */
import assert from 'node:assert/strict'
import { readData } from '../data.ts'

export interface Recording {
  spec: {
    max_episode_steps: number
    reward_threshold: number | null
    observation_space: object
    action_space: object
  }
  resets: { seed: number; state: number[]; observation: number[] }[]
  cases: Case[]
}

export interface Case {
  name: string
  initial_state: number[]
  steps: number
  actions: (number | number[])[]
  observations: number[][]
  states: number[][]
  rewards: number[]
  terminated_at: number | null
  truncated_at: number | null
  stored_steps?: number[]
  states_before?: number[][]
  policy?: { k?: number[] }
}

export function recordingOf(id: string): Recording {
  return readData(`gymnasium/${id}.json`)
}

/** Row i of a case's lists is step `stored[i]`, from the state `before[i]`; steps count from 1. */
export function storedSteps(recorded: Case): { stored: number[]; before: number[][] } {
  const { initial_state, states, stored_steps, states_before } = recorded
  return {
    stored: stored_steps ?? recorded.actions.map((_, i) => i + 1),
    before: states_before ?? [initial_state, ...states.slice(0, -1)],
  }
}

/** Errors are relative to max(1, |expected|): ulps mean nothing near zero. */
export function assertState(
  actual: Float64Array,
  expected: number[],
  tolerance: number,
  where: string,
): void {
  for (const [k, value] of expected.entries()) {
    const error = Math.abs(actual[k] - value) / Math.max(1, Math.abs(value))
    assert.ok(error <= tolerance, `${where}: state[${k}] is ${actual[k]}, Gymnasium's ${value}`)
  }
}

/** Equal, or neighbours in float32; or near, where the states are no nearer than that. */
export function assertObservation(
  actual: Float32Array,
  expected: number[],
  tolerance: number,
  where: string,
): void {
  const recorded = Float32Array.from(expected)
  const [places, wanted] = [placesOf(actual), placesOf(recorded)]
  for (const [k, value] of recorded.entries()) {
    const isNear = Math.abs(places[k] - wanted[k]) <= 1 || Math.abs(actual[k] - value) <= tolerance
    assert.ok(isNear, `${where}: observation[${k}] is ${actual[k]}, Gymnasium's ${value}`)
  }
}

/** Numbers of float32 values in their order: neighbours differ by 1. */
function placesOf(values: Float32Array): number[] {
  return [...new Int32Array(values.slice().buffer)].map(bits => (bits < 0 ? -(bits & 0x7fffffff) : bits))
}
