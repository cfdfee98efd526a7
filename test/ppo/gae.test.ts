import { test } from 'node:test'
import { computeGae } from '../../src/ppo/gae.ts'
import { readData } from '../data.ts'
import { allNear, largestOf } from '../engine/near.ts'

interface GaeCase {
  name: string
  gamma: number
  gae_lambda: number
  T: number
  N: number
  rewards: number[][]
  values: number[][]
  last_values: number[]
  terminated: number[][]
  truncated: number[][]
  final_values: number[][]
  advantages: number[][]
  returns: number[][]
}

const { cases } = readData<{ cases: GaeCase[] }>('torch/gae.json')

for (const recorded of cases) {
  test(`${recorded.name}: float64`, () => check(recorded, Float64Array, 1e-12))
  test(`${recorded.name}: float32 storage`, () => check(recorded, Float32Array, 2e-6))
}

function check(
  recorded: GaeCase,
  Floats: typeof Float64Array | typeof Float32Array,
  tolerance: number,
): void {
  const { T, N, gamma, gae_lambda } = recorded
  const rollout = {
    numSteps: T,
    numEnvs: N,
    rewards: Floats.from(recorded.rewards.flat()),
    values: Floats.from(recorded.values.flat()),
    terminated: Uint8Array.from(recorded.terminated.flat()),
    truncated: Uint8Array.from(recorded.truncated.flat()),
    finalValues: Floats.from(recorded.final_values.flat()),
    lastValues: Floats.from(recorded.last_values),
    advantages: new Floats(T * N),
    returns: new Floats(T * N),
  }
  computeGae(rollout, gamma, gae_lambda)
  sameArrays(rollout.advantages, recorded.advantages, tolerance)
  sameArrays(rollout.returns, recorded.returns, tolerance)
}

/** Errors relative to the largest. */
function sameArrays(actual: Float64Array | Float32Array, expected: number[][], tolerance: number): void {
  const flat = Float64Array.from(expected.flat())
  allNear(actual, flat, tolerance * largestOf(flat))
}
