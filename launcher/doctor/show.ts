import type { InspectedHost } from '../check.ts'
import { type Row, table } from '../commands/bench/table.ts'
import { counted } from '../showplan.ts'
import type { Link, Measured } from './links.ts'
import { warningsOf } from './warnings.ts'

/** All that doctor has found. */
export interface Findings {
  inspected: readonly InspectedHost[]
  /** null: not measured. */
  measured: Measured | null
  /** Links are authenticated and encrypted. */
  curve: boolean
  warnings: readonly string[]
  failures: readonly string[]
}

/** More are for --json. */
const SHOWN = 28

/** Tables and sentences, or one JSON object. */
export function show({ inspected, measured, curve, warnings, failures }: Findings, json: boolean): string {
  const hosts = inspected.map(host => hostRow(host, ranksOf(host, inspected.length, measured)))
  const links = (measured?.links ?? []).map(link => linkRow(link, inspected))
  if (json) return `${JSON.stringify({ hosts, links, warnings, failures })}\n`
  const sentences = [
    ...warnings.map(text => `warning: ${text}\n`),
    ...failures.map(text => `failure: ${text}\n`),
  ]
  return [
    table(hosts),
    ...(measured ? [`${title(links.length, curve)}:\n${table(slowest(links))}`] : []),
    ...(sentences.length > 0 ? [sentences.join('')] : []),
  ].join('\n')
}

type Rank = Measured['ranks'][number]

/** Each host has run one, a single host all. */
function ranksOf({ host }: InspectedHost, hosts: number, measured: Measured | null): Rank[] {
  return (measured?.ranks ?? []).filter(({ rank }) => hosts === 1 || rank === host.ranks[0])
}

function hostRow(inspected: InspectedHost, ranks: readonly Rank[]): Row {
  const { host, facts, clockOffset, problem } = inspected
  const result = problem !== null ? 'failure' : warningsOf(inspected).length > 0 ? 'warning' : 'ok'
  if (facts === null) return { host: host.name, result }
  return {
    ...{ host: host.name, result, pporun: facts.pporun, node: facts.node, cores: facts.cores },
    gpus: facts.gpus.join(',') || 'none',
    ...(ranks.length > 0 && { engine: ranks[0].engine }),
    ...(facts.devShm !== null && { devShmMB: Math.round(facts.devShm / 1e6) }),
    ...(facts.openFiles !== null && { openFiles: facts.openFiles }),
    ...(clockOffset !== null && { clockMs: clockOffset }),
  }
}

function linkRow({ from, to, p50us, GBps }: Link, inspected: readonly InspectedHost[]): Row {
  const name = (rank: number) => (inspected.length === 1 ? `rank ${rank}` : inspected[rank].host.name)
  return { from: name(from), to: name(to), p50us, GBps }
}

function title(links: number, curve: boolean): string {
  const which = links > SHOWN ? `the ${SHOWN} slowest of ${links} links` : counted(links, 'link')
  return `${which}, ${curve ? 'TCP with CURVE' : 'sockets'}: 4 bytes one way, and messages of 1 MB`
}

/** In their order, without the fastest where there are many. */
function slowest(links: readonly Row[]): Row[] {
  const latencies = links.map(({ p50us }) => Number(p50us)).sort((a, b) => b - a)
  const least = latencies[Math.min(SHOWN, latencies.length) - 1]
  return links.filter(({ p50us }) => Number(p50us) >= least)
}
