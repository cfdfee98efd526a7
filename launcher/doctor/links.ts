import { measureOnRanks } from '../commands/bench/ranks.ts'
import type { Plan } from '../plan.ts'

/** What scripts/benchmark/links.ts prints. */
export interface Measured {
  /** One per host; two where there is one host. */
  ranks: { rank: number; engine: string }[]
  links: Link[]
}

/** What messages between two ranks take. */
export interface Link {
  from: number
  to: number
  p50us: number
  GBps: number
}

/**
 * A job with one rank on every host of a plan, which it makes again from the same words; two on a single host.
 * Throws PporunError if it fails.
 */
export function measureLinks({ hosts }: Plan, words: readonly string[]): Promise<Measured> {
  const np = Math.max(2, hosts.length)
  const launch = [...words, '--map-by', 'node', '--oversubscribe', '-np', String(np)]
  return measureOnRanks<Measured>(launch, 'links.ts', [])
}

/** A link that is so much worse than the median is worth a look. */
const WORSE = 4
/** With fewer there is no telling which of them is the slow one. */
const ENOUGH = 3

/** A line for each link that is much slower than most. @param names of the ranks' hosts. */
export function slowLinks(links: readonly Link[], names: readonly string[]): string[] {
  if (links.length < ENOUGH) return []
  const latency = median(links.map(({ p50us }) => p50us))
  const bandwidth = median(links.map(({ GBps }) => GBps))
  return links
    .filter(({ p50us, GBps }) => p50us > WORSE * latency || GBps < bandwidth / WORSE)
    .map(
      ({ from, to, p50us, GBps }) =>
        `${names[from]} to ${names[to]} is slow: ${p50us.toFixed(0)} us and ${GBps.toPrecision(3)} GB/s, the median ` +
        `${latency.toFixed(0)} us and ${bandwidth.toPrecision(3)} GB/s; choose the network with --iface, or leave a host out`,
    )
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)]
}
