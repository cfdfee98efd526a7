import type { OnFailure } from '../../src/base/contract.ts'
import { GENERATIONS, type Membership } from '../../src/base/control.ts'
import { Rendezvous } from '../../src/collective/rendezvous.ts'
import type { Plan } from '../plan.ts'
import type { Runs } from '../runs.ts'
import { ranges } from '../showplan.ts'
import type { Replacements } from './replace.ts'
import type { JobParts } from './supervise.ts'
import type { Blame } from './verdict.ts'

/** Deaths within this time are one loss: a power supply takes several ranks, an error of the script's all of them. */
const COLLECT = 100 // ms
/** So long who is ready to join waits for others that start: each change costs the update that is under way. */
const TOGETHER = 2000 // ms
/** How long a process may take to die of KILL. */
const DYING = 5000 // ms
/** Recoveries in a row without an update between them: what fails is the script. */
const MOST_FRUITLESS = 5

export interface ElasticSettings {
  onFailure: OnFailure
  /** Fewer ranks than this do not go on. */
  minNp: number
  /** Seconds. */
  opTimeout: number
  startTimeout: number
}

/** Ranks that are lost together, and why. */
interface Loss {
  ranks: number[]
  blame: Blame
}

/**
 * Who takes part, where a job outlives its ranks (--on-failure shrink, replace). This is the one place that decides it,
 * so there are never two groups: ranks that an order cannot reach end by themselves, since their agent's lifeline ends.
 *
 *     a rank is lost ─► all who died meanwhile ─► their processes are gone ─► order to the others: these take part
 *
 * Whoever gets the order leaves what it is in, meets the others, and takes up training where all still can (src/elastic.ts).
 */
export class Elastic {
  readonly #settings: ElasticSettings
  readonly #plan: Plan
  readonly #parts: JobParts
  readonly #runs: Runs
  readonly #replacements: Replacements
  #epoch = 0
  #half: Membership['half'] = 0
  /** The newest members have met: whoever takes part is in this half of the memory, or in none. */
  #met = false
  /** Lost since the last order. */
  #losses: Loss[] = []
  /** Lost since training last went on. */
  #lost: Loss[] = []
  readonly #ready = new Set<number>()
  #fruitless = 0
  #timer: NodeJS.Timeout | null = null
  #deadline: NodeJS.Timeout | null = null

  constructor(
    settings: ElasticSettings,
    plan: Plan,
    parts: JobParts,
    runs: Runs,
    replacements: Replacements,
  ) {
    this.#settings = settings
    this.#plan = plan
    this.#parts = parts
    this.#runs = runs
    this.#replacements = replacements
  }

  get isOn(): boolean {
    return this.#settings.onFailure !== 'abort'
  }

  /** What was heard belongs to these ranks, not to earlier ones. */
  get epoch(): number {
    return this.#epoch
  }

  /** A change is under way: what ranks complain of meanwhile is its consequence. */
  get isChanging(): boolean {
    return this.#losses.length > 0
  }

  isCurrent(generation: number): boolean {
    return generation > this.#epoch && generation <= this.#epoch + GENERATIONS
  }

  /** False: the job cannot go on without these ranks, and ends. Without any the same ones meet anew: a connection has broken. */
  survives(ranks: readonly number[], blame: Blame): boolean {
    const { ranks: table, agents } = this.#parts
    const others = table.members().filter(rank => !ranks.includes(rank))
    // Who has ended well does not come back, and nobody can go on without it.
    if (!this.isOn || others.some(rank => table.hasEnded(rank))) return false
    this.#losses.push({ ranks: [...ranks], blame })
    for (const rank of ranks) {
      table.leaves(rank)
      agents.killRank(rank)
    }
    this.#later(COLLECT)
    return true
  }

  /** A process has ended that was lost before, or had not joined yet. @param what null: it had nothing more to do. */
  outsiderEnded(rank: number, what: string | null): void {
    this.#ready.delete(rank)
    this.#replacements.ended(rank, what)
    if (this.isChanging) this.#later(0)
  }

  /** A replacement can begin. */
  isReady(rank: number): void {
    this.#ready.add(rank)
    this.#replacements.isReady(rank)
    this.#joinSoon()
  }

  /** One of those who take part is there to meet the others. */
  connects(): void {
    if (this.#ready.size > 0) this.#joinSoon()
  }

  /** All who take part know each other. */
  met(): void {
    this.#met = true
    this.#setDeadline(0, () => {})
  }

  /** Training has gone on after that update. */
  recovered(update: number, seconds: number): void {
    const { output, ranks, verdict } = this.#parts
    this.#fruitless = 0
    const np = ranks.members().length
    const lost = this.#lost.flatMap(({ ranks, blame: { host, what } }) =>
      ranks.map(rank => ({ rank, host, what })),
    )
    this.#lost = []
    this.#runs.recovered({ at: verdict.after, update, lost, np, seconds })
    output.say(`${np} ranks go on after update ${update}: ${seconds.toFixed(1)} s without one`)
  }

  /** The first loss is the cause. */
  giveUp(problem: string): void {
    const { verdict } = this.#parts
    const [first] = [...this.#lost, ...this.#losses]
    const { what, ...blame } = first?.blame ?? verdict.blame(null, 'cannot go on', 1)
    verdict.end({ ...blame, what: `${what}; ${problem}` })
    this.stop()
  }

  hasStopped = false

  /** Nothing changes any more. */
  stop(): void {
    this.hasStopped = true
    if (this.#timer) clearTimeout(this.#timer)
    this.#setDeadline(0, () => {})
    this.#replacements.stop()
  }

  /** With the change that is under way anyway, else with all that start. */
  #joinSoon(): void {
    if (this.isChanging) return
    if (this.#replacements.starting === this.#ready.size) this.#later(0)
    else if (!this.#timer) this.#later(TOGETHER)
  }

  #later(milliseconds: number): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#timer = null
      this.#change()
    }, milliseconds)
  }

  #change(): void {
    const { ranks, verdict } = this.#parts
    if (verdict.cause) {
      this.stop()
      return
    }
    const dying = this.#losses.flatMap(({ ranks }) => ranks).filter(rank => !ranks.hasEnded(rank))
    // In memory that is shared nobody may write who takes no part.
    if (dying.length > 0) {
      this.#setDeadline(DYING, () => this.#undead(dying[0]))
      return
    }
    const survivors = ranks.members()
    const problem = this.#problem(survivors.length)
    // Who has closed its communicator may be done: a newcomer waits until somebody connects, or all have ended.
    const mayJoin = this.#ready.size > 0 && survivors.some(rank => ranks.isConnected(rank))
    if (problem !== null) this.giveUp(problem)
    else if (this.#losses.length > 0 || mayJoin) this.#form(survivors)
  }

  /** Why the job cannot go on; null: it can. */
  #problem(survivors: number): string | null {
    const { minNp, onFailure } = this.#settings
    if (survivors === 0) return 'nobody is left who knows where training was'
    if (survivors + this.#ready.size < minNp && onFailure === 'shrink') return this.#tooFew(survivors)
    if (this.#losses.length > 0 && ++this.#fruitless > MOST_FRUITLESS)
      return `${MOST_FRUITLESS} recoveries in a row have come to no update`
    return null
  }

  #tooFew(left: number): string {
    return `${left} ${left === 1 ? 'rank is' : 'ranks are'} left, --min-np is ${this.#settings.minNp}`
  }

  /** Fewer than --min-np meet with those that are to come: in vain, but then they are there when others join. */
  #form(survivors: readonly number[]): void {
    const { ranks, agents, output } = this.#parts
    const reason = this.#reason()
    for (const rank of this.#ready) {
      ranks.joins(rank)
      this.#replacements.takesPart(rank)
    }
    const members = ranks.members()
    const { minNp, onFailure, opTimeout, startTimeout } = this.#settings
    const isShort = members.length < minNp
    const what = isShort ? `wait for others, --min-np is ${minNp}` : 'go on'
    output.say(`${reason}; ${members.length} ranks ${what}`)
    if (this.#met) this.#half = this.#half === 0 ? 1 : 0
    this.#met = false
    this.#epoch += GENERATIONS
    ranks.regroup()
    this.#parts.rendezvous = new Rendezvous(this.#plan.np, isShort ? undefined : members)
    output.first = members[0]
    const nodes = members.map(rank => this.#plan.ranks[rank].node)
    const membership: Membership = { epoch: this.#epoch, ranks: members, nodes, half: this.#half }
    for (const rank of members) agents.tellRank(rank, { type: 'group', membership, reason })
    const lost = this.#losses.flatMap(({ ranks }) => ranks)
    this.#lost.push(...this.#losses)
    this.#losses = []
    this.#ready.clear()
    // Who is busy with something else may take as long as in a collective.
    if (!isShort) this.#setDeadline(opTimeout * 1000, () => this.#late(survivors))
    else this.#setDeadline(startTimeout * 1000, () => this.#nobodyCame(members.length))
    if (onFailure === 'replace') for (const rank of lost) this.#replacements.want(rank)
  }

  #reason(): string {
    const losses = this.#losses.map(({ blame: { who, what } }) => `${who} ${what}`)
    const joined = [...this.#ready].sort((a, b) => a - b)
    const joins =
      joined.length > 0 ? [`${joined.length > 1 ? 'ranks' : 'rank'} ${ranges(joined)} joined`] : []
    return [...losses, ...joins].join('; ')
  }

  #late(survivors: readonly number[]): void {
    const { rendezvous, verdict } = this.#parts
    const seconds = this.#settings.opTimeout
    const late = rendezvous.missing()
    for (const rank of late.length > 0 ? late : survivors.slice(0, 1)) {
      const blame = verdict.blame(rank, `did not meet the others within --op-timeout ${seconds} s`, 124)
      if (!this.survives([rank], blame)) verdict.end(blame)
    }
  }

  #nobodyCame(left: number): void {
    const limit = `within --start-timeout ${this.#settings.startTimeout} s`
    this.giveUp(`${this.#tooFew(left)}, and not enough others came ${limit}`)
  }

  #undead(rank: number): void {
    const { verdict } = this.#parts
    verdict.fail(rank, `does not end, ${DYING / 1000} s after KILL`, 1)
  }

  /** One at a time; 0: none. */
  #setDeadline(milliseconds: number, then: () => void): void {
    if (this.#deadline) clearTimeout(this.#deadline)
    this.#deadline = milliseconds > 0 ? setTimeout(then, milliseconds) : null
  }
}
