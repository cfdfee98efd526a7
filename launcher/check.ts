import { Agents } from './agents.ts'
import { factsOfThisHost, type HostFacts } from './facts.ts'
import type { Plan, PlannedHost } from './plan.ts'
import type { Spawner } from './spawn/spawn.ts'

/** A host that can take part, as its agent found it. */
export interface CheckedHost {
  host: PlannedHost
  facts: HostFacts
  /** Its clock minus this host's, in milliseconds; null: not heard in time. */
  clockOffset: number | null
}

const GIVE_UP = 2 // seconds
const CLOCKS = 2000 // ms

/**
 * Starts an agent on every host of a plan, with all the checks of a real start, and lets go of them before any rank
 * runs. Throws UsageError with a line for every host that cannot take part.
 * @param say told what is worth knowing but no obstacle.
 */
export async function checkHosts(
  plan: Plan,
  spawner: Spawner,
  say: (text: string) => void,
): Promise<CheckedHost[]> {
  const agents = new Agents(plan, spawner, {
    message: () => {},
    said: ({ host }, line) => say(`${host.name}: ${line}`),
    silent: link => link.kill(),
  })
  try {
    await agents.start(say)
    const elsewhere = agents.links.filter(({ host }) => host.via !== 'local')
    await answered(() => elsewhere.every(({ clockOffset }) => clockOffset !== null))
    return agents.links.map(({ host, facts, clockOffset }) => ({
      host,
      facts: facts ?? factsOfThisHost(),
      clockOffset: host.via === 'local' ? 0 : clockOffset,
    }))
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
