import type { Acted, Normalizer } from '../engine.ts'
import { isPicture, type Key } from '../keys.ts'
import { actionSize, distributionSize, type Layout } from '../layout.ts'

/** Room for what act() gives for `n` rows. */
export function makeActed({ network }: Layout, n: number): Acted {
  const length = n * actionSize(network)
  return {
    observations: new Float32Array(n * network.observationSize),
    actions: network.distribution === 'categorical' ? new Int32Array(length) : new Float32Array(length),
    logProbs: new Float32Array(n),
    values: new Float32Array(n),
    distributions: new Float32Array(n * distributionSize(network)),
    nonFiniteRow: -1,
  }
}

/** Writes observations as the networks see them to `seen` [n, obs]; pictures among a Dict's keys stay as they are. */
export function see(
  observations: Float32Array,
  normalizer: Normalizer | null,
  seen: Float32Array,
  keys: readonly Key[] | null = null,
): void {
  if (!normalizer) {
    seen.set(observations.subarray(0, seen.length))
    return
  }
  const { mean, scale, clip } = normalizer
  const size = mean.length
  for (let i = 0; i < seen.length; i++)
    seen[i] = Math.min(Math.max((observations[i] - mean[i % size]) * scale[i % size], -clip), clip)
  for (const { first, size: length } of (keys ?? []).filter(isPicture))
    for (let at = first; at < seen.length; at += size) seen.set(observations.subarray(at, at + length), at)
}

/** The first row that shows a NaN or an infinity, or -1. A clipped observation hides it: `observations` are raw. */
export function firstNonFinite(
  observations: Float32Array,
  size: number,
  { values, logProbs }: Acted,
): number {
  return values.findIndex((value, row) => {
    if (!Number.isFinite(value) || !Number.isFinite(logProbs[row])) return true
    for (let i = row * size; i < (row + 1) * size; i++) if (!Number.isFinite(observations[i])) return true
    return false
  })
}
