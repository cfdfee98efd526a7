/** What every transport must do, seen through the communicator: called once per transport. */
import { describe } from 'node:test'
import { bitsConformance } from './bits.ts'
import { failureConformance } from './failing.ts'
import { ownershipConformance } from './ownership.ts'
import { randomConformance } from './random.ts'
import type { Open } from './ranks.ts'
import { resultsConformance } from './results.ts'

export function transportConformance(name: string, open: Open): void {
  describe(`transport ${name}`, () => {
    resultsConformance(open)
    bitsConformance(open)
    ownershipConformance(open)
    failureConformance(open)
    randomConformance(open)
  })
}
