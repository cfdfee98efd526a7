import { LOOKING } from '../collective/meeting.ts'
import type { AlgorithmName } from '../collective/table.ts'
import { choose } from '../collective/table.ts'
import { type Cluster, hostOf } from './cluster.ts'
import { type Costs, messageCost } from './costs.ts'

/**
 * What an allreduce takes, by a formula: alpha and beta are those of one message (costs.ts), which has a part o on each
 * of its two ranks' processors and a part L on the way; gamma is that of a reduced byte. N ranks, S bytes.
 *
 *     ring          2(N-1) (L + 2 o(S/N))                                   + (N-1)/N S gamma
 *     direct        2 ((N-1) o(S/N) + max((N-1) o(S/N), o(S/N) + L))         + (N-1)/N S gamma
 *                   N = 2: alpha(S) + S gamma
 *     star          2 (L + N o(S))                                           + (N-1) S gamma
 *     hierarchical  memory of a host, then direct or ring between hosts
 *
 * `direct` and `star` send to all at once: the ways of the messages overlap, the work on them does not, and L grows by what a
 * host's one link needs longer for them than its ranks. The simulation (simulate.ts) knows who waits for whom; the formulae say why.
 */
export function allreduceTime(cluster: Cluster, algorithm: AlgorithmName, bytes: number): number {
  if (cluster.ranks === 1) return 0
  return algorithm === 'hierarchical' ? twoLevels(cluster, bytes) : formulae[algorithm](cluster, bytes)
}

type MessageAlgorithm = Exclude<AlgorithmName, 'hierarchical'>

const formulae: Record<MessageAlgorithm, (cluster: Cluster, bytes: number) => number> = {
  ring: (cluster, bytes) => {
    const { ranks: N, costs } = cluster
    const { own, way } = toNeighbour(cluster, bytes / N)
    return 2 * (N - 1) * (2 * own + way) + ((N - 1) / N) * bytes * costs.reduce
  },
  direct: (cluster, bytes) => {
    const { ranks: N, costs } = cluster
    if (N === 2) return toAll(cluster, bytes, 1).time + bytes * costs.reduce
    return 2 * toAll(cluster, bytes / N, cluster.ranksPerHost).time + ((N - 1) / N) * bytes * costs.reduce
  },
  star: (cluster, bytes) => {
    const { ranks: N, costs } = cluster
    const { own, way } = toAll(cluster, bytes, 1)
    return 2 * (N * own + way) + (N - 1) * bytes * costs.reduce
  },
}

/** Once per update: everybody's block of so many bytes, round the ring, or through the memory of the one host. */
export function allgatherTime(cluster: Cluster, bytes: number): number {
  const { ranks: N, costs } = cluster
  if (N === 1) return 0
  const hosts = hostsOf(cluster)
  if (costs.memory && hosts === 1) return 2 * costs.memory.meeting + (N + 1) * bytes * costs.memory.copy
  const { own, way } = toNeighbour(cluster, bytes)
  return (N - 1) * (2 * own + way)
}

/** What each of its two ranks does for a message, and what it is under way besides. */
interface Parts {
  own: number
  way: number
}

/** A message round the ring of ranks, on average: only where hosts meet it goes over a link. */
function toNeighbour(cluster: Cluster, bytes: number): Parts {
  const { costs, link, ranks } = cluster
  const { time, work } = messageCost(costs, bytes)
  const hosts = hostsOf(cluster)
  const onLink = hosts === 1 ? 0 : (hosts / ranks) * (link.latency + bytes * link.byte)
  return { own: Math.min(work, time) / 2, way: Math.max(0, time - work) + onLink }
}

/** Messages that a rank sends to all others at once, as do `senders` ranks of its host: the way of the last, and the time of all. */
function toAll(cluster: Cluster, bytes: number, senders: number): Parts & { time: number } {
  const { costs, link, ranks, ranksPerHost } = cluster
  const { time, work } = messageCost(costs, bytes)
  const own = Math.min(work, time) / 2
  const together = ranks - 1
  const elsewhere = ranks - ranksPerHost
  const wire = bytes * link.byte
  // While ranks work on their next messages the link carries those before.
  const onLink = Math.max(wire, elsewhere * senders * wire - (together - 1) * own)
  const way = Math.max(0, time - work) + (hostsOf(cluster) === 1 ? 0 : link.latency + onLink)
  return { own, way, time: together * own + Math.max(together * own, own + way) }
}

const hostsOf = (cluster: Cluster): number => hostOf(cluster, cluster.ranks - 1) + 1

function twoLevels(cluster: Cluster, bytes: number): number {
  const { costs, ranks, ranksPerHost, link } = cluster
  const local = Math.min(ranks, ranksPerHost)
  const hosts = hostsOf(cluster)
  const inside = local === 1 ? 0 : memoryTime(costs, local, bytes, hosts > 1)
  if (hosts === 1) return inside
  const leaders: Cluster = { ranks: hosts, ranksPerHost: 1, link, costs }
  const between = formulae[choose(bytes)](leaders, bytes)
  const asleep = inside > 0 && between > LOOKING
  return inside + between + (asleep ? costs.memory!.wake : 0)
}

/** collective/shm.ts, of arrays that lie in the memory; a sum that goes on to other hosts is met for once more. */
function memoryTime({ memory, reduce }: Costs, ranks: number, bytes: number, goesOn: boolean): number {
  const { meeting } = memory!
  return (goesOn ? 3 : 2) * meeting + ((ranks - 1) / ranks) * bytes * reduce
}
