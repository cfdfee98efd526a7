import type { Normalizer } from '../../engine/engine.ts'
import type { Layout } from '../../engine/layout.ts'

/** A policy as actors get it. */
export interface PolicyMessage {
  /** Updates behind it. */
  version: number
  /** It is the last one: nothing more is sampled. */
  isLast: boolean
  parameters: Float32Array // [P]
  normalizer: Normalizer | null
  rewardScale: number | null
}

/** Numbers before the normaliser: version, last, reward scale, clip. */
const HEADER = 4

export function policyBytes({ size, network }: Layout): number {
  return 8 * (HEADER + 2 * network.observationSize) + 4 * size
}

/** NaN stands for null. */
export function packPolicy(policy: PolicyMessage, layout: Layout): Uint8Array {
  const { version, isLast, parameters, normalizer, rewardScale } = policy
  const { observationSize } = layout.network
  const message = new Uint8Array(policyBytes(layout))
  const header = new Float64Array(message.buffer, 0, HEADER + 2 * observationSize)
  header.set([version, isLast ? 1 : 0, rewardScale ?? Number.NaN, normalizer?.clip ?? Number.NaN])
  header.set(normalizer?.mean ?? [], HEADER)
  header.set(normalizer?.scale ?? [], HEADER + observationSize)
  new Float32Array(message.buffer, header.byteLength).set(parameters)
  return message
}

export function unpackPolicy(message: Uint8Array, { network }: Layout): PolicyMessage {
  const header = new Float64Array(message.buffer, message.byteOffset, HEADER + 2 * network.observationSize)
  const [version, isLast, rewardScale, clip] = header
  const [mean, scale] = [0, 1].map(k => {
    const first = HEADER + k * network.observationSize
    return header.slice(first, first + network.observationSize)
  })
  return {
    version,
    isLast: isLast === 1,
    parameters: new Float32Array(message.buffer, message.byteOffset + header.byteLength),
    normalizer: Number.isNaN(clip) ? null : { mean, scale, clip },
    rewardScale: Number.isNaN(rewardScale) ? null : rewardScale,
  }
}
