import { DriftError } from '../base/errors.ts'
import type { Layout } from '../engine/layout.ts'
import { hashParameters } from './state.ts'
import type { Strategy } from './strategy.ts'

/** Updates between two looks. */
const EVERY = 50

/** Every now and then: do all ranks hold the same bits? Throws DriftError on all of them if not. */
export async function maybeAssertInStep(
  strategy: Strategy,
  update: number,
  parameters: Float32Array,
  layout: Layout,
): Promise<void> {
  if (update % EVERY === 0) await assertInStep(strategy, update, parameters, layout)
}

/** The largest of hash and -hash of each tensor over all ranks: equal magnitudes only if all hashes are equal. */
export async function assertInStep(
  strategy: Strategy,
  update: number,
  parameters: Float32Array,
  { tensors }: Layout,
): Promise<void> {
  const words = tensors.flatMap(({ offset, size }) => wordsOf(parameters.subarray(offset, offset + size)))
  const extremes = Float64Array.from([...words, ...words.map(word => -word)])
  await strategy.max(extremes)
  const drifted = tensors.filter((_, t) =>
    [2 * t, 2 * t + 1].some(i => extremes[i] !== -extremes[i + words.length]),
  )
  if (drifted.length === 0) return
  const names = drifted.map(({ name }) => name).join(', ')
  throw new DriftError(
    `ranks hold different values of ${names} after update ${update}; this one's hash of all is ${hashParameters(parameters)}`,
  )
}

/** 64 bits of a hash, as two whole numbers. */
function wordsOf(tensor: Float32Array): number[] {
  const hash = hashParameters(tensor)
  return [0, 8].map(at => Number.parseInt(hash.slice(at, at + 8), 16))
}
