/** What every transport must do, seen through the communicator: called once per transport. */
import { describe } from 'node:test'
import { bitsConformance } from './bits.ts'
import { mismatchConformance } from './confused.ts'
import { failureConformance } from './failing.ts'
import { groupConformance } from './grouping.ts'
import { ownershipConformance } from './ownership.ts'
import { pairsConformance } from './pairing.ts'
import { randomConformance } from './random.ts'
import type { Open } from './ranks.ts'
import { resultsConformance } from './results.ts'

export function transportConformance(name: string, open: Open): void {
  describe(`transport ${name}`, () => {
    resultsConformance(open)
    bitsConformance(open)
    ownershipConformance(open)
    pairsConformance(open)
    groupConformance(open)
    failureConformance(open)
    mismatchConformance(open)
    randomConformance(open)
  })
}

/** What another way of connecting could break, for a transport that has passed all of it one way. */
export function connectionConformance(name: string, open: Open): void {
  describe(`transport ${name}`, () => {
    ownershipConformance(open)
    failureConformance(open)
    mismatchConformance(open)
  })
}
