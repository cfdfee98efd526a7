import { GroupChangedError } from './base/errors.ts'
import type { Communicator } from './collective/communicator.ts'
import { connect } from './connect.ts'

/**
 * Does `work` with all ranks that take part, and once more whenever others do (--on-failure shrink, replace): it has to
 * find out where they are. Closes the communicator when it is done.
 */
export async function withRanks<T>(work: (comm: Communicator) => Promise<T>): Promise<T> {
  for (;;)
    try {
      const comm = await connect()
      const result = await work(comm)
      await comm.close()
      return result
    } catch (error) {
      if (!(error instanceof GroupChangedError)) throw error
    }
}
