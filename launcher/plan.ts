import { UsageError } from '../src/base/errors.ts'

/** Which rank runs where: pure, from the files and the command line alone. */

/** How a host's agent is started; a worker comes by itself. */
export type Via = 'local' | 'ssh' | 'slurm' | 'worker'

export const mappings = ['slot', 'node'] as const
/** slot: fill one host after the other; node: one rank to each host in turn. */
export type Mapping = (typeof mappings)[number]

/** A host that may run ranks, as a hostfile, -H or an allocation describes it. */
export interface Host {
  /** As the user wrote it: the name that ssh or srun is given. */
  name: string
  via: Via
  /** For ssh; null: what the user's own ssh configuration says. */
  user: string | null
  port: number | null
  slots: number
  /** Not even --oversubscribe goes beyond; null: no such limit. */
  maxSlots: number | null
  /** IP address, and network interface, for the ranks' sockets; null: found out by reachability. */
  address: string | null
  iface: string | null
  /** Devices in CUDA's words (`0`, `GPU-8f…`); `all`: what is found there. */
  gpus: 'all' | readonly string[]
  /** Added to the environment of the host's ranks. */
  env: Readonly<Record<string, string>>
}

/** A host that does run ranks. */
export interface PlannedHost extends Host {
  /** Its place among the hosts of the plan: PPORUN_NODE_RANK. */
  node: number
  /** Global ranks, by local rank. */
  ranks: number[]
}

export interface PlannedRank {
  rank: number
  node: number
  localRank: number
  /** Its own devices; null: not known before the host has been asked. */
  gpus: readonly string[] | null
}

export interface Plan {
  np: number
  /** Those with at least one rank, in the order of the file. */
  hosts: PlannedHost[]
  /** By rank. */
  ranks: PlannedRank[]
}

export interface PlanOptions {
  /** null: one rank per slot. */
  np: number | null
  mapBy: Mapping
  /** More ranks than slots are wanted. */
  oversubscribe: boolean
}

/** More ranks than this are a slip of the finger. */
const MOST_RANKS = 65_536

/**
 * Ranks are numbered in the order of the hosts. Slots are filled first; with `oversubscribe` the ranks beyond
 * are dealt one to each host in turn. Throws UsageError if they do not fit.
 */
export function makePlan(hosts: readonly Host[], options: PlanOptions): Plan {
  const slots = hosts.reduce((sum, host) => sum + host.slots, 0)
  const np = options.np ?? slots
  if (np > MOST_RANKS) throw new UsageError(`${np} ranks are more than the ${MOST_RANKS} that a job can have`)
  if (np > slots && !options.oversubscribe)
    throw new UsageError(
      `${np} processes wanted, ${slots} slots: ${slotList(hosts)}; use --oversubscribe or add slots`,
    )
  const counts = share(hosts, np, options.mapBy)
  const used = hosts.map((host, i) => ({ host, count: counts[i] })).filter(({ count }) => count > 0)
  const planned = used.map(({ host }, node): PlannedHost => ({ ...host, node, ranks: [] }))
  const sizes = used.map(({ count }) => count)
  const ranks = places(sizes, options.mapBy).map((node, rank): PlannedRank => {
    const localRank = planned[node].ranks.push(rank) - 1
    const { gpus } = planned[node]
    return { rank, node, localRank, gpus: gpus === 'all' ? null : shareOfGpus(gpus, localRank, sizes[node]) }
  })
  return { np, hosts: planned, ranks }
}

/** --min-np of more ranks than there ever are would end the job at its first loss. Throws UsageError. */
export function checkMinNp(minNp: number, np: number): void {
  if (minNp > np)
    throw new UsageError(`--min-np ${minNp} is more than the ranks there are (${np}); use ${np} or fewer`)
}

/** The plan once it is known which devices a host has. */
export function withGpus(plan: Plan, node: number, gpus: readonly string[]): Plan {
  const size = plan.hosts[node].ranks.length
  const ranks = plan.ranks.map(rank =>
    rank.node === node ? { ...rank, gpus: shareOfGpus(gpus, rank.localRank, size) } : rank,
  )
  return { ...plan, ranks }
}

/** Each rank of a host gets as many devices as the others; where ranks outnumber devices they take turns. */
export function shareOfGpus(
  gpus: readonly string[],
  localRank: number,
  localSize: number,
): readonly string[] {
  const each = Math.floor(gpus.length / localSize)
  if (each > 0) return gpus.slice(localRank * each, (localRank + 1) * each)
  return gpus.length > 0 ? [gpus[localRank % gpus.length]] : []
}

/** How many ranks each host gets. */
function share(hosts: readonly Host[], np: number, mapBy: Mapping): number[] {
  const slots = hosts.map(host => host.slots)
  const counts = slots.map(() => 0)
  let left = np
  if (mapBy === 'node') left = deal(counts, slots, left)
  else
    for (const [i, most] of slots.entries()) {
      counts[i] = Math.min(most, left)
      left -= counts[i]
    }
  const most = hosts.map(({ maxSlots }) => maxSlots ?? Infinity)
  left = deal(counts, most, left)
  if (left > 0) {
    const sum = most.reduce((a, b) => a + b, 0)
    throw new UsageError(`${np} processes wanted, but max_slots allows ${sum}; add hosts`)
  }
  return counts
}

/** One to each in turn, up to its limit. Returns how many are left over. */
function deal(counts: number[], limits: readonly number[], left: number): number {
  for (let before = -1; left > 0 && before !== left; ) {
    before = left
    for (let i = 0; i < counts.length && left > 0; i++)
      if (counts[i] < limits[i]) {
        counts[i]++
        left--
      }
  }
  return left
}

/** The host of each rank, given how many each has. */
function places(counts: readonly number[], mapBy: Mapping): number[] {
  if (mapBy === 'slot') return counts.flatMap((count, node) => Array<number>(count).fill(node))
  const rounds = Math.max(0, ...counts)
  const round = (turn: number) => counts.flatMap((count, node) => (turn < count ? [node] : []))
  return Array.from({ length: rounds }, (_, turn) => round(turn)).flat()
}

const LISTED = 8

function slotList(hosts: readonly Host[]): string {
  const listed = hosts.slice(0, LISTED).map(({ name, slots }) => `${name}=${slots}`)
  return [...listed, ...(hosts.length > LISTED ? [`and ${hosts.length - LISTED} hosts more`] : [])].join(' ')
}
