import { assemble } from '../../src/assemble.ts'
import type { Optimizer } from '../../src/engine/optimizer.ts'
import { openFleet } from '../../src/fleet.ts'
import { resolveConfig } from '../../src/options.ts'
import type { Setting } from '../../src/parallel/way.ts'
import { type Commit, joined, restore } from '../../src/ppo/commit.ts'
import { type Parts, ppo } from '../../src/ppo/ppo.ts'
import { sizesOf } from '../../src/ppo/sizes.ts'
import { initialState } from '../../src/ppo/state.ts'
import { silentReporter } from '../../src/reporter.ts'
import { inprocCommunicators } from './twin.ts'

/** What a job of ranks in this process has come to. */
export interface Outcome {
  /** Of each rank. */
  parameters: Float32Array[]
  /** After every update that one was due, as rank 0 has it. */
  commits: Commit[]
}

/**
 * Trains without the evaluation.
 * @param from a commit to go on from; @param change what a test puts in place of a rank's parts
 */
export async function trainRanks(
  size: number,
  options: string[],
  from: Commit | null = null,
  change: (parts: Parts, setting: Omit<Setting, 'score'>) => Parts = parts => parts,
): Promise<Outcome> {
  const config = resolveConfig({}, options)
  const sizes = sizesOf(config)
  const commits: Commit[] = []
  const parameters = inprocCommunicators(size).map(async comm => {
    const fleet = await openFleet(config, comm)
    const assembled = await assemble(config, sizes, comm, fleet, silentReporter(''), null)
    const parts = change(assembled, { config, sizes, comm, engine: fleet.engine })
    const state =
      structuredClone(from?.state) ?? initialState(config, fleet.engine.layout, fleet.initialParameters())
    if (from) await restore(from, parts.sampler)
    const keep = async (commit: Commit) => {
      const whole = await joined(commit, parts.strategy)
      if (comm.rank === 0) commits.push(whole)
    }
    await ppo(config, sizes, state, { ...parts, keeper: { ...parts.keeper, keep } })
    return state.parameters
  })
  return { parameters: await Promise.all(parameters), commits }
}

/** Stochastic gradient descent without a clip: linear, so that steps can be averaged as well as gradients. */
export function plainSgd(inner: Optimizer): Optimizer {
  return {
    get state() {
      return inner.state
    },
    set state(state) {
      inner.state = state
    },
    average: (sums, rows, largest) => inner.average(sums, rows, largest),
    step: (parameters, gradient, _norm, _maxNorm, learningRate) => {
      for (let i = 0; i < parameters.length; i++) parameters[i] -= learningRate * gradient[i]
    },
  }
}
