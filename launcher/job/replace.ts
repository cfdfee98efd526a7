import type { Output } from '../output/output.ts'
import type { Host, Plan, PlannedHost } from '../plan.ts'
import type { Agents } from './agents.ts'
import type { RankTable } from './ranktable.ts'

/** Seconds before a host gets another try: none, then one, doubled each time. */
const LONGEST = 60
/** Losses this close are one failure. */
const SAME = 200 // ms
/** A host that has given no trouble for this long begins anew. */
const FORGIVEN = 120_000 // ms

interface Record {
  failures: number
  last: number
}

/** Milliseconds in which those come that look for a place together, and between two looks for one. */
const COLLECT = 50
const LOOK = 1000

/** What starts an agent, and ranks below it, while the job runs. */
export interface Placing {
  /** Hosts as they are listed now. */
  hosts(): readonly Host[]
  /** Starts a host's agent and its ranks, as ones that join; resolves with why it cannot be, or null. */
  start(host: PlannedHost): Promise<string | null>
  /** Seconds that a rank may take until it is ready. */
  startTimeout: number
}

/**
 * Puts other processes in the places of lost ranks: below the same agent if that lives, else on a host that has a slot
 * for it. A host that keeps failing is put aside for a time that doubles.
 */
export class Replacements {
  readonly #plan: Plan
  readonly #agents: Agents
  readonly #ranks: RankTable
  readonly #output: Output
  readonly #placing: Placing
  readonly #hosts = new Map<string, Record>()
  readonly #timers = new Map<number, NodeJS.Timeout>()
  /** Started, and not taking part yet. */
  readonly #starting = new Set<number>()
  /** Those that wait for a slot somewhere. */
  readonly #homeless = new Set<number>()
  #homing: NodeJS.Timeout | null = null
  #stopped = false

  constructor(plan: Plan, agents: Agents, ranks: RankTable, output: Output, placing: Placing) {
    this.#plan = plan
    this.#agents = agents
    this.#ranks = ranks
    this.#output = output
    this.#placing = placing
  }

  /** A rank is lost, and its process has ended. */
  want(rank: number): void {
    this.#setTimer(rank, this.#delay(this.#hostOf(rank).name), () => this.#start(rank))
  }

  isReady(rank: number): void {
    this.#clear(rank)
  }

  takesPart(rank: number): void {
    this.#starting.delete(rank)
  }

  /** A replacement has ended before it took part; of a rank that was lost it is no news. */
  ended(rank: number, what: string | null): void {
    if (!this.#starting.delete(rank)) return
    this.#clear(rank)
    if (what === null) return
    this.#output.say(`the new rank ${rank} on ${this.#hostOf(rank).name} ${what}`)
    this.want(rank)
  }

  /** How many have been started and take no part yet, ready or not. */
  get starting(): number {
    return this.#starting.size
  }

  stop(): void {
    this.#stopped = true
    for (const rank of [...this.#timers.keys()]) this.#clear(rank)
    if (this.#homing) clearTimeout(this.#homing)
  }

  #start(rank: number): void {
    if (this.#stopped) return
    const host = this.#hostOf(rank)
    const link = this.#agents.link(host.node)
    const isListed = this.#placing.hosts().some(({ name }) => name === host.name)
    if (link && !link.gone && isListed) {
      this.#begin(rank)
      link.tell({ type: 'replace', rank })
    } else {
      // Those that are lost together come together.
      this.#homeless.add(rank)
      this.#homing ??= setTimeout(() => this.#house(), COLLECT)
    }
  }

  /**
   * Below new agents, on hosts with free slots and no back-off: also where an old agent was, since what its processes
   * carry is another mark.
   */
  #house(): void {
    this.#homing = null
    if (this.#stopped) return
    for (const host of this.#placing.hosts()) {
      const ranks = [...this.#homeless].slice(0, this.#rest(host.name) > 0 ? 0 : this.#freeSlots(host))
      if (ranks.length > 0) void this.#move(ranks, host)
    }
    if (this.#homeless.size > 0) this.#homing = setTimeout(() => this.#house(), LOOK)
  }

  async #move(ranks: number[], host: Host): Promise<void> {
    const planned = { ...host, node: this.#plan.hosts.length, ranks }
    for (const rank of ranks) {
      const before = this.#hostOf(rank)
      before.ranks = before.ranks.filter(other => other !== rank)
      this.#plan.ranks[rank] = { ...this.#plan.ranks[rank], node: planned.node }
      this.#homeless.delete(rank)
      this.#output.moved(rank, host.name)
      this.#begin(rank)
    }
    this.#plan.hosts.push(planned)
    const problem = await this.#placing.start(planned)
    if (problem === null) return
    this.#output.say(problem)
    for (const rank of ranks) {
      this.#ranks.ended(rank)
      this.ended(rank, 'could not be started')
    }
  }

  #begin(rank: number): void {
    this.#ranks.replaced(rank)
    this.#starting.add(rank)
    this.#expect(rank)
  }

  #freeSlots({ name, slots }: Host): number {
    const here = this.#plan.hosts.filter(host => host.name === name && !this.#agents.link(host.node)?.gone)
    return Math.max(0, slots - here.flatMap(({ ranks }) => ranks).length)
  }

  #expect(rank: number): void {
    const { startTimeout } = this.#placing
    this.#setTimer(rank, startTimeout, () => {
      this.#output.say(`the new rank ${rank} was not ready within --start-timeout ${startTimeout} s`)
      this.#agents.killRank(rank)
    })
  }

  /** Seconds until a host that has just failed gets another try. */
  #delay(name: string): number {
    const { failures, last } = this.#hosts.get(name) ?? { failures: 0, last: Number.NEGATIVE_INFINITY }
    const since = Date.now() - last
    // What is lost together has failed once.
    if (since > SAME)
      this.#hosts.set(name, { failures: since > FORGIVEN ? 1 : failures + 1, last: Date.now() })
    const seconds = this.#rest(name)
    if (seconds > 1)
      this.#output.say(`${name} keeps failing: it gets another rank in ${seconds.toFixed(0)} s`)
    return seconds
  }

  /** Seconds that a host is still put aside. */
  #rest(name: string): number {
    const record = this.#hosts.get(name)
    if (!record || record.failures < 2) return 0
    const seconds = Math.min(LONGEST, 2 ** (record.failures - 2))
    return Math.max(0, seconds - (Date.now() - record.last) / 1000)
  }

  #hostOf(rank: number): PlannedHost {
    return this.#plan.hosts[this.#plan.ranks[rank].node]
  }

  #setTimer(rank: number, seconds: number, then: () => void): void {
    this.#clear(rank)
    this.#timers.set(rank, setTimeout(then, seconds * 1000))
  }

  #clear(rank: number): void {
    clearTimeout(this.#timers.get(rank))
    this.#timers.delete(rank)
  }
}
