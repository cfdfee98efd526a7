import { assemble } from '../../src/assemble.ts'
import { openPage, ProgressWriter } from '../../src/base/progress.ts'
import { Communicator } from '../../src/collective/communicator.ts'
import { inprocTransports } from '../../src/collective/inproc.ts'
import type { TrainResult } from '../../src/describe.ts'
import type { VectorEnv } from '../../src/env/vectorenv.ts'
import { openFleet } from '../../src/fleet.ts'
import { LastCommits } from '../../src/lastcommits.ts'
import { resolveConfig } from '../../src/options.ts'
import { sizesOf } from '../../src/ppo/sizes.ts'
import { hashParameters, initialState, type TrainState } from '../../src/ppo/state.ts'
import { silentReporter } from '../../src/reporter.ts'
import { trainWith } from '../../src/session.ts'

/** Communicators of `size` ranks in this process. */
export function inprocCommunicators(size: number, opTimeout = 10): Communicator[] {
  return inprocTransports(size).map(
    (transport, rank) =>
      new Communicator(transport, {
        epoch: 1,
        opTimeout,
        localRank: rank,
        localSize: size,
        progress: new ProgressWriter(openPage(null, 1), 0),
      }),
  )
}

/** The same training as `pporun -np SIZE train ...`, with the ranks in this process. */
export async function trainInProcess(size: number, options: string[]): Promise<TrainResult> {
  const config = resolveConfig({}, options)
  const ranks = inprocCommunicators(size).map(comm =>
    trainWith(config, sizesOf(config), comm, silentReporter(''), new LastCommits()),
  )
  const results = await Promise.all(ranks)
  return results[0]
}

/**
 * The parameters' hash after the same training, without the evaluation.
 * @param change what a test does to a rank's environments, or to its state at the start; @param failed called with each rank's error
 */
export async function hashInProcess(
  size: number,
  options: string[],
  change: (envs: VectorEnv, firstEnv: number, state: TrainState) => void = () => {},
  failed: (error: unknown) => void = () => {},
): Promise<string> {
  const config = resolveConfig({}, options)
  const sizes = sizesOf(config)
  const hashes = inprocCommunicators(size).map(async comm => {
    const fleet = await openFleet(config, comm)
    const parts = await assemble(config, sizes, comm, fleet, silentReporter(''), null)
    const state = initialState(config, fleet.engine.layout, fleet.initialParameters())
    change(parts.sampler.envs, parts.sampler.firstEnv, state)
    await parts.train(state, {}).catch(error => {
      failed(error)
      throw error
    })
    return hashParameters(state.parameters)
  })
  const ended = await Promise.allSettled(hashes)
  const lost = ended.find(({ status }) => status === 'rejected')
  if (lost) throw (lost as PromiseRejectedResult).reason
  return (ended[0] as PromiseFulfilledResult<string>).value
}
