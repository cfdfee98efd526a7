import { addonProblem } from '../src/collective/rendezvous.ts'
import { factsOfThisHost, type HostFacts, incompatible } from './facts.ts'
import { findGpus } from './gpus.ts'
import { Agents, refuse } from './job/agents.ts'
import type { AgentLink } from './job/link.ts'
import type { Plan, PlannedHost } from './plan.ts'
import type { AgentJob } from './protocol.ts'
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
/** nvidia-smi may take its time. */
const ANSWERS = 15_000 // ms

/**
 * Inspects all hosts of a plan. Throws UsageError with a line for every host that cannot take part.
 * @param jobs what each host's agent would be told, by node.
 * @param say told what is worth knowing but no obstacle.
 */
export async function checkHosts(
  plan: Plan,
  spawner: Spawner,
  jobs: readonly AgentJob[],
  say: (text: string) => void,
): Promise<CheckedHost[]> {
  const inspected = await inspectHosts(plan, spawner, jobs, say)
  refuse(inspected.map(({ problem }) => problem))
  return inspected as CheckedHost[]
}

/**
 * Starts an agent on every host of a plan, with all the checks of a real start, and lets go of them before any rank
 * runs.
 * @param jobs what each host's agent would be told, by node.
 * @param say told what is worth knowing but no obstacle.
 */
export async function inspectHosts(
  plan: Plan,
  spawner: Spawner,
  jobs: readonly AgentJob[],
  say: (text: string) => void,
): Promise<InspectedHost[]> {
  const refusals = new Map<AgentLink, string | null>()
  const agents = new Agents(plan, spawner, {
    message: (link, message) => {
      if (message.type === 'inspected') refusals.set(link, message.refusal)
    },
    said: ({ host }, line) => say(`${host.name}: ${line}`),
    silent: link => link.kill(),
  })
  try {
    const problems = await agents.tryToStart(say)
    const ready = agents.links.filter(({ isReady }) => isReady)
    for (const link of ready) link.tell({ type: 'inspect', job: jobs[link.host.node] })
    const heardAll = ({ host, clockOffset }: AgentLink) => host.via === 'local' || clockOffset !== null
    await answered(() => ready.every(link => link.gone || (refusals.has(link) && heardAll(link))))
    for (const [{ host }, refusal] of refusals)
      if (refusal !== null) problems[host.node] ??= `${host.name} ${refusal}`
    const here = factsOfThisHost({ addon: await addonProblem(), gpus: findGpus() })
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

/** Refusals, and clocks with the first beat's answer. */
async function answered(all: () => boolean): Promise<void> {
  for (const end = performance.now() + ANSWERS; !all() && performance.now() < end; )
    await new Promise(resolve => setTimeout(resolve, 20))
}

/** A line for each host: versions, cores, GPUs, memory that programs share, open files, clock. */
export function showHosts(checked: readonly CheckedHost[]): string[] {
  const rows = checked.map(({ host, facts, clockOffset }) => [
    host.name,
    `Node ${facts.node}`,
    `${facts.cores} cores`,
    facts.gpus.length > 0 ? `GPUs ${facts.gpus.join(',')}` : 'no GPU',
    facts.devShm === null ? 'no /dev/shm' : `/dev/shm ${(facts.devShm / 1e9).toPrecision(2)} GB`,
    facts.openFiles === null ? 'open files ?' : `${facts.openFiles} open files`,
    clockOffset === null ? 'clock ?' : `clock ${clockOffset >= 0 ? '+' : ''}${clockOffset.toFixed(1)} ms`,
  ])
  const widths = rows[0].map((_, column) => Math.max(...rows.map(row => row[column].length)))
  return rows.map(row => `  ${row.map((cell, i) => cell.padEnd(widths[i])).join('  ')}`.trimEnd())
}
