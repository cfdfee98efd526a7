import { DriftError } from '../base/errors.ts'
import { hashParameters } from './state.ts'
import type { Strategy } from './strategy.ts'

/** Updates between two looks. */
const EVERY = 50

/** Every now and then: do all ranks hold the same bits? Throws DriftError on all of them if not. */
export async function maybeAssertInStep(
  strategy: Strategy,
  update: number,
  parameters: Float32Array,
): Promise<void> {
  if (update % EVERY === 0) await assertInStep(strategy, update, parameters)
}

/** The largest of hash and -hash over all ranks: equal magnitudes only if all hashes are equal. */
export async function assertInStep(
  strategy: Strategy,
  update: number,
  parameters: Float32Array,
): Promise<void> {
  const hash = hashParameters(parameters)
  const words = [0, 8, 16, 24].map(at => Number.parseInt(hash.slice(at, at + 8), 16))
  const extremes = Float64Array.from([...words, ...words.map(word => -word)])
  await strategy.max(extremes)
  if (words.every((_, i) => extremes[i] === -extremes[i + words.length])) return
  throw new DriftError(`ranks hold different parameters after update ${update}; this one's hash is ${hash}`)
}
