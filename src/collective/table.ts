import type { AllreduceChoice } from '../base/contract.ts'
import type { Algorithm } from './algorithm.ts'
import { direct } from './direct.ts'
import { ring } from './ring.ts'
import { star } from './star.ts'

export type AlgorithmName = Exclude<AllreduceChoice, 'auto'>
/** Those that need nothing but messages; hierarchical.ts builds on them. */
export type MessageAlgorithm = Exclude<AlgorithmName, 'hierarchical'>

export const algorithms: Record<MessageAlgorithm, Algorithm> = { ring, direct, star }

/** From here on the bytes cost more than the steps, and the ring asks less of a network: one sender per rank. */
const RING_FROM = 2 ** 20 // bytes

/**
 * What `auto` takes between ranks, or hosts, that share no memory, for an array of `bytes`: a function of that alone, so that all ranks take the same. Measured, not
 * modelled: README.md has the figures behind it. Never the star, which would make rank 0 a server.
 */
export function choose(bytes: number): MessageAlgorithm {
  return bytes >= RING_FROM ? 'ring' : 'direct'
}
