/** What every transport must do, seen through the communicator: called once per transport. */
import { describe } from 'node:test'
import { algorithms, type MessageAlgorithm } from '../../src/collective/table.ts'
import { bitsConformance } from './bits.ts'
import { mismatchConformance, oneSidedConformance } from './confused.ts'
import { failureConformance } from './failing.ts'
import { groupConformance } from './grouping.ts'
import { ownershipConformance } from './ownership.ts'
import { pairsConformance } from './pairing.ts'
import { randomConformance } from './random.ts'
import type { Open } from './ranks.ts'
import { resultsConformance } from './results.ts'

const messages = Object.keys(algorithms) as MessageAlgorithm[]

export function transportConformance(name: string, open: Open): void {
  describe(`transport ${name}`, () => {
    resultsConformance(open, messages)
    bitsConformance(open, messages)
    ownershipConformance(open)
    pairsConformance(open)
    groupConformance(open)
    failureConformance(open)
    mismatchConformance(open, messages)
    oneSidedConformance(open)
    randomConformance(open)
  })
}

/** What another way of connecting could break, for a transport that has passed all of it one way. */
export function connectionConformance(name: string, open: Open): void {
  describe(`transport ${name}`, () => {
    ownershipConformance(open)
    failureConformance(open)
    mismatchConformance(open, messages)
  })
}

/** Ranks of one host, or of several, whose collectives go through shared memory. */
export function memoryConformance(name: string, open: Open, hosts: 'one host' | 'several hosts'): void {
  describe(`${name}, ${hosts}`, () => {
    resultsConformance(open, ['hierarchical'])
    bitsConformance(open, ['hierarchical'])
    ownershipConformance(open)
    if (hosts === 'one host') groupConformance(open)
    if (hosts === 'one host') failureConformance(open)
    if (hosts === 'one host') mismatchConformance(open, ['hierarchical'])
    randomConformance(open)
  })
}
