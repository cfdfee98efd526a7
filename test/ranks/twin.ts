import { ProgressWriter } from '../../src/base/progress.ts'
import { Communicator } from '../../src/collective/communicator.ts'
import { inprocTransports } from '../../src/collective/inproc.ts'
import type { TrainResult } from '../../src/describe.ts'
import { resolveConfig } from '../../src/options.ts'
import { sizesOf } from '../../src/ppo/sizes.ts'
import { silentReporter } from '../../src/reporter.ts'
import { trainWith } from '../../src/train.ts'

/** Communicators of `size` ranks in this process. */
export function inprocCommunicators(size: number, opTimeout = 10): Communicator[] {
  return inprocTransports(size).map(
    (transport, rank) =>
      new Communicator(transport, {
        epoch: 1,
        opTimeout,
        localRank: rank,
        localSize: size,
        progress: new ProgressWriter(new ArrayBuffer(64), 0),
      }),
  )
}

/** The same training as `pporun -np SIZE train ...`, with the ranks in this process. */
export async function trainInProcess(size: number, options: string[]): Promise<TrainResult> {
  const config = resolveConfig({}, options)
  const ranks = inprocCommunicators(size).map(comm =>
    trainWith(config, sizesOf(config), comm, silentReporter('')),
  )
  const results = await Promise.all(ranks)
  return results[0]
}
