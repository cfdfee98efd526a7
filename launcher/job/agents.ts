import { Limit } from '../../src/base/contract.ts'
import type { RankOrder } from '../../src/base/control.ts'
import { UsageError } from '../../src/base/errors.ts'
import { difference, factsOfThisHost, incompatible } from '../facts.ts'
import type { Plan, PlannedHost } from '../plan.ts'
import type { ToAgent } from '../protocol.ts'
import type { Ending } from '../spawn/carrier.ts'
import type { Spawner } from '../spawn/spawn.ts'
import { AgentLink, type LinkEvents } from './link.ts'

/** An sshd lets about ten people in at once (MaxStartups 10:30:100), and hosts may share a gateway. */
const STARTS_AT_ONCE = 8
const TRIES = 5

/** All agents of a job, one per host of its plan. */
export class Agents {
  readonly #plan: Plan
  readonly #spawner: Spawner
  readonly #events: LinkEvents
  readonly #links: (AgentLink | undefined)[]
  #stopped = false

  constructor(plan: Plan, spawner: Spawner, events: LinkEvents) {
    this.#plan = plan
    this.#spawner = spawner
    this.#events = events
    this.#links = plan.hosts.map(() => undefined)
  }

  /** Starts the agents of all hosts. Throws UsageError with a line for every host that cannot take part. */
  async start(warn: (text: string) => void): Promise<void> {
    refuse(await this.tryToStart(warn))
  }

  /**
   * Starts the agents of all hosts, several at a time, and looks whether their hosts can work together.
   * @returns by host why it cannot take part, and how to mend it; null: it can.
   */
  async tryToStart(warn: (text: string) => void): Promise<(string | null)[]> {
    const waiting = [...this.#plan.hosts]
    const problems = this.#plan.hosts.map((): string | null => null)
    const next = async (): Promise<void> => {
      for (let host = waiting.shift(); host && !this.#stopped; host = waiting.shift())
        problems[host.node] = (await this.#startOne(host)) ?? this.#check(host, warn)
    }
    await Promise.all(Array.from({ length: STARTS_AT_ONCE }, next))
    return problems
  }

  /** Those that have been started. */
  get links(): AgentLink[] {
    return this.#links.filter(link => link !== undefined)
  }

  link(node: number): AgentLink | undefined {
    return this.#links[node]
  }

  /** The first host whose agent is not ready. */
  notReady(): PlannedHost | undefined {
    return this.#plan.hosts.find(({ node }) => !this.#links[node]?.isReady)
  }

  tellAll(order: ToAgent): void {
    for (const link of this.links) if (!link.gone) link.tell(order)
  }

  hold(): void {
    for (const link of this.links) if (!link.gone) link.hold()
  }

  goOn(): void {
    for (const link of this.links) if (!link.gone) link.goOn()
  }

  /** Ends a rank and its process group, if its host can be reached. */
  killRank(rank: number): void {
    const link = this.#links[this.#plan.ranks[rank].node]
    if (link && !link.gone) link.tell({ type: 'killRank', rank })
  }

  /** Starts one more, of a host that is new in the plan. Returns why it cannot take part, or null. */
  async add(host: PlannedHost, warn: (text: string) => void): Promise<string | null> {
    return (await this.#startOne(host)) ?? this.#check(host, warn)
  }

  tellRank(rank: number, order: RankOrder): void {
    this.#links[this.#plan.ranks[rank].node]?.tell({ type: 'order', rank, order })
  }

  /** Starts no more. */
  stopStarting(): void {
    this.#stopped = true
  }

  /** Lets go of those that have not ended by themselves in time; the hosts' own agents see to the rest. */
  killLater(seconds: number): void {
    const timer = setTimeout(() => {
      for (const link of this.links) if (!link.gone && link.host.via !== 'local') link.kill()
    }, seconds * 1000)
    timer.unref()
  }

  /** Resolves when all that were started have ended, those too that came later. */
  async ended(): Promise<void> {
    while (this.links.some(({ gone }) => !gone)) await Promise.all(this.links.map(({ ended }) => ended))
  }

  /** Why it cannot be; null when the agent is ready. */
  async #startOne(host: PlannedHost): Promise<string | null> {
    let ending: Ending | undefined
    for (let tries = 0; tries < TRIES && !this.#stopped; tries++) {
      const link = new AgentLink(host, this.#spawner.spawn(host), this.#events)
      this.#links[host.node] = link
      const outcome = await link.ready()
      if (outcome === true) return null
      ending = outcome
      const problem = this.#spawner.explain(host, outcome)
      if (problem !== null) return problem
      await new Promise(resolve => setTimeout(resolve, 1000 * (tries + Math.random())))
    }
    return ending ? `${host.name}: ${ending.lastWords.at(-1) ?? ending.how}` : null
  }

  #check({ node, name }: PlannedHost, warn: (text: string) => void): string | null {
    const facts = this.#links[node]?.facts
    if (!facts) return null
    this.#here ??= factsOfThisHost()
    const note = difference(name, facts, this.#here)
    if (note !== null) warn(note)
    return incompatible(name, facts, this.#here)
  }

  #here: ReturnType<typeof factsOfThisHost> | undefined
}

/** From an abort until an agent that has not ended is given up. */
export const GIVE_UP: number = Limit.abort + 2

/** Throws UsageError with a line for every problem, if there is one. */
export function refuse(problems: readonly (string | null)[]): void {
  const found = problems.filter(problem => problem !== null)
  if (found.length > 0) throw new UsageError(found.join('\npporun: '))
}
