import { assemble } from '../../src/assemble.ts'
import { openFleet } from '../../src/fleet.ts'
import { resolveConfig } from '../../src/options.ts'
import { ppo } from '../../src/ppo/ppo.ts'
import { sizesOf } from '../../src/ppo/sizes.ts'
import { hashParameters, initialState } from '../../src/ppo/state.ts'
import { silentReporter } from '../../src/reporter.ts'
import { inprocCommunicators } from './twin.ts'

/** Of the parameters after every update, with the ranks in this process: [rank][update]. */
export async function hashesOfUpdates(size: number, options: string[]): Promise<string[][]> {
  const config = resolveConfig({}, options)
  const sizes = sizesOf(config)
  return Promise.all(
    inprocCommunicators(size).map(async comm => {
      const fleet = await openFleet(config, comm)
      const parts = await assemble(config, sizes, comm, fleet, silentReporter(''), null)
      const state = initialState(config, fleet.engine.layout, fleet.initialParameters())
      const hashes: string[] = []
      const log = { ...parts.log, write: () => void hashes.push(hashParameters(state.parameters)) }
      await ppo(config, sizes, state, { ...parts, log })
      return hashes
    }),
  )
}
