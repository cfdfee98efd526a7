import { test } from 'node:test'
import { computeVtrace } from '../../src/ppo/vtrace.ts'
import { readData } from '../data.ts'
import { allNear, largestOf } from '../engine/near.ts'

interface VtraceCase {
  name: string
  gamma: number
  lambda: number
  /** null: not clipped. */
  rho_bar: number | null
  c_bar: number | null
  pg_rho_bar: number | null
  T: number
  N: number
  behaviour_log_probs: number[][]
  target_log_probs: number[][]
  rewards: number[][]
  values: number[][]
  bootstrap: number[]
  terminated: number[][]
  truncated: number[][]
  final_values: number[][]
  rhos: number[][]
  vs: number[][]
  pg_advantages: number[][]
}

const { cases } = readData<{ cases: VtraceCase[] }>('torch/vtrace.json')

for (const recorded of cases) {
  test(`${recorded.name}: float64`, () => check(recorded, Float64Array, 1e-12))
  test(`${recorded.name}: float32 storage`, () => check(recorded, Float32Array, 2e-6))
}

/** Errors relative to the largest. The paper's weight of an advantage is the loss's here, so it is put on. */
function check(
  recorded: VtraceCase,
  Floats: typeof Float64Array | typeof Float32Array,
  tolerance: number,
): void {
  const { T, N, gamma, lambda, rho_bar, c_bar, pg_rho_bar } = recorded
  const rollout = {
    numSteps: T,
    numEnvs: N,
    logProbs: Floats.from(recorded.behaviour_log_probs.flat()),
    targetLogProbs: Floats.from(recorded.target_log_probs.flat()),
    rewards: Floats.from(recorded.rewards.flat()),
    values: Floats.from(recorded.values.flat()),
    terminated: Uint8Array.from(recorded.terminated.flat()),
    truncated: Uint8Array.from(recorded.truncated.flat()),
    finalValues: Floats.from(recorded.final_values.flat()),
    lastValues: Floats.from(recorded.bootstrap),
    advantages: new Floats(T * N),
    returns: new Floats(T * N),
  }
  computeVtrace(rollout, gamma, lambda, { rhoBar: rho_bar ?? Infinity, cBar: c_bar ?? Infinity })
  const rhos = recorded.rhos.flat()
  const weighed = rollout.advantages.map(
    (advantage, i) => Math.min(pg_rho_bar ?? Infinity, rhos[i]) * advantage,
  )
  for (const [actual, expected] of [
    [rollout.returns, recorded.vs],
    [weighed, recorded.pg_advantages],
  ] as const) {
    const flat = Float64Array.from(expected.flat())
    allNear(actual, flat, tolerance * largestOf(flat))
  }
}
