import type { Mapping, Plan, PlannedHost } from './plan.ts'

/** The plan as a table, one line for each host. */
export function showPlan(plan: Plan, mapBy: Mapping): string {
  const { np, hosts } = plan
  const rows = hosts.map(host => [
    address(host),
    host.via,
    String(host.slots),
    ranges(host.ranks),
    gpus(plan, host),
  ])
  const table = [['host', 'by', 'slots', 'ranks', 'GPUs'], ...rows]
  const widths = table[0].map((_, column) => Math.max(...table.map(row => row[column].length)))
  const lines = table.map(row => `  ${row.map((cell, i) => cell.padEnd(widths[i])).join('  ')}`.trimEnd())
  return [`${counted(np, 'rank')} on ${counted(hosts.length, 'host')}, by ${mapBy}`, ...lines].join('\n')
}

/** What a person should know of the plan before it runs; hosts in the same case share a line. */
export function planRemarks(plan: Plan): string[] {
  const remarks = new Map<string, string[]>()
  const remark = (text: string, name: string) => remarks.set(text, [...(remarks.get(text) ?? []), name])
  for (const host of plan.hosts) {
    const ranks = counted(host.ranks.length, 'rank')
    const devices = devicesOf(plan, host).size
    if (host.ranks.length > host.slots) remark(`${ranks} on ${counted(host.slots, 'slot')}`, host.name)
    if (devices > 0 && host.ranks.length > devices)
      remark(`${ranks} share ${counted(devices, 'GPU')}`, host.name)
  }
  return [...remarks].map(([text, [first, ...more]]) =>
    more.length === 0
      ? `${first}: ${text}`
      : `${first} and ${counted(more.length, 'other host')}: ${text} each`,
  )
}

const devicesOf = ({ ranks }: Plan, host: PlannedHost): Set<string> =>
  new Set(host.ranks.flatMap(rank => ranks[rank].gpus ?? []))

const address = ({ name, user, port }: PlannedHost): string =>
  `${user === null ? '' : `${user}@`}${name}${port === null ? '' : ` (port ${port})`}`

/** The devices of its ranks; a question mark where the host has to be asked. */
function gpus(plan: Plan, host: PlannedHost): string {
  const own = plan.ranks[host.ranks[0]].gpus
  if (own === null) return '?'
  const devices = [...devicesOf(plan, host)]
  if (devices.length === 0) return 'none'
  const list = devices.every(name => /^\d+$/.test(name)) ? ranges(devices.map(Number)) : devices.join(',')
  if (own.length > 1) return `${list}, ${own.length} each`
  return devices.length < host.ranks.length ? `${list}, shared` : list
}

/** `0-3,7`. */
export function ranges(numbers: readonly number[]): string {
  const runs: [first: number, last: number][] = []
  for (const n of numbers) {
    const run = runs.at(-1)
    if (run && run[1] === n - 1) run[1] = n
    else runs.push([n, n])
  }
  return runs.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',')
}

/** `1 rank`, `2 ranks`. */
export const counted = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`
