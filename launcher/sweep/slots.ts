import { availableParallelism } from 'node:os'
import { UsageError } from '../../src/base/errors.ts'
import type { RunArgs } from '../args.ts'
import { chooseHosts } from '../hosts/choose.ts'
import { makePlan, type Plan } from '../plan.ts'

/** The words that tell a member which ranks of the sweep are its own: one list for each that runs at a time. */
export function slotsOf(args: RunArgs, group: number): string[][] {
  const np = args.np ?? (args.hostfile === null && args.host === null ? defaultRanks(group) : null)
  const { hosts, named } = chooseHosts({ ...args, np })
  const plan = makePlan(hosts, { ...args, np: named ? args.np : np })
  if (plan.np % group !== 0)
    throw new UsageError(`--group ${group} does not divide -np ${plan.np}; use a multiple of ${group}`)
  return Array.from({ length: plan.np / group }, (_, slot) => [
    `--np=${group}`,
    ...(named ? placeOf(plan, slot * group, group, args.hostfile) : []),
  ])
}

const defaultRanks = (group: number): number =>
  Math.max(group, Math.floor(availableParallelism() / group) * group)

/** `-H` for the hosts of these ranks; a hostfile goes on saying what they are like. */
function placeOf(plan: Plan, first: number, count: number, hostfile: string | null): string[] {
  const slots = new Map<string, number>()
  for (const { node } of plan.ranks.slice(first, first + count)) {
    const { name } = plan.hosts[node]
    slots.set(name, (slots.get(name) ?? 0) + 1)
  }
  const list = [...slots].map(([name, ranks]) => `${name}:${ranks}`).join(',')
  return [`--host=${list}`, ...(hostfile === null ? [] : [`--hostfile=${hostfile}`])]
}
