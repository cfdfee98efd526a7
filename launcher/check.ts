import { addonProblem } from '../src/collective/rendezvous.ts'
import { Agents, refuse } from './agents.ts'
import { factsOfThisHost, type HostFacts, incompatible } from './facts.ts'
import type { Plan, PlannedHost } from './plan.ts'
import type { Spawner } from './spawn/spawn.ts'

/** A host, as its agent found it. */
export interface InspectedHost {
  host: PlannedHost
  /** Why it cannot take part, and how to mend it; null: it can. */
  problem: string | null
  /** null: no agent could be started. */
  facts: HostFacts | null
  /** Its clock minus this host's, in milliseconds; null: not heard in time. */
  clockOffset: number | null
}

/** A host that can take part. */
export interface CheckedHost extends InspectedHost {
  facts: HostFacts
}

const GIVE_UP = 2 // seconds
const CLOCKS = 2000 // ms

/**
 * Inspects all hosts of a plan. Throws UsageError with a line for every host that cannot take part.
 * @param say told what is worth knowing but no obstacle.
 */
export async function checkHosts(
  plan: Plan,
  spawner: Spawner,
  say: (text: string) => void,
): Promise<CheckedHost[]> {
  const inspected = await inspectHosts(plan, spawner, say)
  refuse(inspected.map(({ problem }) => problem))
  return inspected as CheckedHost[]
}

/**
 * Starts an agent on every host of a plan, with all the checks of a real start, and lets go of them before any rank
 * runs.
 * @param say told what is worth knowing but no obstacle.
 */
export async function inspectHosts(
  plan: Plan,
  spawner: Spawner,
  say: (text: string) => void,
): Promise<InspectedHost[]> {
  const agents = new Agents(plan, spawner, {
    message: () => {},
    said: ({ host }, line) => say(`${host.name}: ${line}`),
    silent: link => link.kill(),
  })
  try {
    const problems = await agents.tryToStart(say)
    const elsewhere = agents.links.filter(({ host, isReady }) => host.via !== 'local' && isReady)
    await answered(() => elsewhere.every(({ clockOffset, gone }) => clockOffset !== null || gone))
    const here = factsOfThisHost(await addonProblem())
    return plan.hosts.map(host => {
      const problem = problems[host.node]
      if (host.via === 'local')
        return { host, problem: problem ?? incompatible(host.name, here, here), facts: here, clockOffset: 0 }
      const link = agents.link(host.node)
      return { host, problem, facts: link?.facts ?? null, clockOffset: link?.clockOffset ?? null }
    })
  } finally {
    agents.tellAll({ type: 'kill' })
    agents.killLater(GIVE_UP)
    await agents.ended()
  }
}

/** Clocks come with the first beat's answer. */
async function answered(all: () => boolean): Promise<void> {
  for (const end = performance.now() + CLOCKS; !all() && performance.now() < end; )
    await new Promise(resolve => setTimeout(resolve, 20))
}

/** A line for each host: versions, cores, clock. */
export function showHosts(checked: readonly CheckedHost[]): string[] {
  const rows = checked.map(({ host, facts, clockOffset }) => [
    host.name,
    `Node ${facts.node}`,
    `${facts.cores} cores`,
    clockOffset === null ? 'clock ?' : `clock ${clockOffset >= 0 ? '+' : ''}${clockOffset.toFixed(1)} ms`,
  ])
  const widths = rows[0].map((_, column) => Math.max(...rows.map(row => row[column].length)))
  return rows.map(row => `  ${row.map((cell, i) => cell.padEnd(widths[i])).join('  ')}`.trimEnd())
}
