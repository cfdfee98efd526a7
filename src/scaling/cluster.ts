import type { Network } from '../collective/inproc.ts'
import type { VirtualClock } from '../collective/virtualclock.ts'
import { Cores, Thread } from './cores.ts'
import { type Costs, type Link, messageCost } from './costs.ts'

/** Machines that are not there. */
export interface Cluster {
  ranks: number
  /** On each host; its cores are as many, unless `cores` says otherwise. */
  ranksPerHost: number
  link: Link
  costs: Costs
  /** Of all hosts together, which share them, as the hosts of the cluster rig do. */
  cores?: number
}

/** The host of a rank: they are filled one after the other. */
export const hostOf = ({ ranksPerHost }: Cluster, rank: number): number => Math.floor(rank / ranksPerHost)

/** When one direction of a host's link is free. */
type Port = Float64Array

/**
 * The way of a message, in milliseconds from now:
 *
 *     sender's thread ── link of its host ── latency ── link of the other host ── receiver's thread
 *       work / 2          bytes x byte                    bytes x byte               work / 2
 *
 * What a message takes of processors beyond its own time is done beside it, by another thread of either rank.
 * Each of these carries one message after the other. Between ranks of a host there is no link. The bytes are on both links
 * at the same time: a message alone waits for them once.
 */
export class SimulatedNetwork implements Network {
  readonly clock: VirtualClock
  readonly threads: Thread[]
  /** Of each rank the one that encrypts its messages and hands them to the system, while the other goes on. */
  readonly #io: Thread[]
  readonly #cluster: Cluster
  readonly #out: Port
  readonly #in: Port
  /** By sender and receiver: a message never passes one that was sent before it, however short it is. */
  readonly #arrived: Float64Array

  constructor(cluster: Cluster, clock: VirtualClock) {
    const hosts = hostOf(cluster, cluster.ranks - 1) + 1
    const shared = cluster.cores === undefined ? null : new Cores(cluster.cores)
    this.#cluster = cluster
    this.clock = clock
    const threads = () => Array.from({ length: cluster.ranks }, () => new Thread(shared))
    this.threads = threads()
    this.#io = threads()
    this.#out = new Float64Array(hosts)
    this.#in = new Float64Array(hosts)
    this.#arrived = new Float64Array(cluster.ranks * cluster.ranks)
  }

  async carry(bytes: number, from: number, to: number): Promise<void> {
    const { link, costs } = this.#cluster
    const [here, there] = [hostOf(this.#cluster, from), hostOf(this.#cluster, to)]
    const { time, work } = messageCost(costs, bytes)
    const each = Math.min(work, time) / 2
    const beside = Math.max(0, work - time) / 2
    const sent = this.threads[from].work(this.clock.now(), each)
    this.#io[from].work(this.clock.now(), beside)
    const onLink = here === there ? 0 : bytes * link.byte
    const left = onLink === 0 ? sent : take(this.#out, here, sent, onLink)
    const latency = Math.max(0, time - work) + (here === there ? 0 : link.latency)
    const pair = from * this.#cluster.ranks + to
    this.#arrived[pair] = Math.max(this.#arrived[pair], left + latency)
    await this.clock.sleep(this.#arrived[pair] - this.clock.now())
    const come = this.clock.now()
    const arrived = onLink === 0 ? come : take(this.#in, there, come - onLink, onLink)
    const received = this.threads[to].work(arrived, each)
    this.#io[to].work(arrived, beside)
    await this.clock.sleep(received - come)
  }

  /** What a rank does by itself, behind what it has to do already. */
  async compute(rank: number, milliseconds: number): Promise<void> {
    const now = this.clock.now()
    await this.clock.sleep(this.threads[rank].work(now, milliseconds) - now)
  }
}

function take(port: Port, host: number, earliest: number, duration: number): number {
  port[host] = Math.max(earliest, port[host]) + duration
  return port[host]
}
