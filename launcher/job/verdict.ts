import { Limit, Status } from '../../src/base/contract.ts'
import type { Output } from '../output/output.ts'
import type { Plan } from '../plan.ts'
import { ranges } from '../showplan.ts'
import { withCheckpoint } from '../signals.ts'
import type { Agents } from './agents.ts'
import type { Cause } from './cause.ts'
import type { AgentLink } from './link.ts'
import type { RankTable } from './ranktable.ts'
import type { TimeLimit } from './timelimit.ts'

/** From the end of all ranks' time until an agent that has not ended is given up; seconds. */
const GIVE_UP = 2

/** Who is to blame for what. */
export interface Blame extends Omit<Cause, 'after'> {
  /** `rank 2 (n1, pid 812)`, `n1 (ranks 4-7)`, `the job`. */
  who: string
}

/** How a job ends: who is blamed first is the cause; it is said once, and all ranks are ended. */
export class Verdict {
  readonly #plan: Plan
  readonly #ranks: RankTable
  readonly #agents: Agents
  readonly #output: Output
  readonly #limit: TimeLimit | null
  readonly #start: number = Date.now()
  #cause: Cause | null = null
  /** Until then ranks may complete their last update; on the clock of Date.now(). */
  #graceEnds = 0
  #isRefused = false

  constructor(plan: Plan, ranks: RankTable, agents: Agents, output: Output, limit: TimeLimit | null) {
    this.#plan = plan
    this.#ranks = ranks
    this.#agents = agents
    this.#output = output
    this.#limit = limit
  }

  /** null while nobody is to blame. */
  get cause(): Cause | null {
    return this.#cause
  }

  /** A mistake of the user's has kept the job from its work. */
  get isRefused(): boolean {
    return this.#isRefused
  }

  /** @param rank null: none is to blame. */
  fail(rank: number | null, what: string, exitStatus: number, host?: string): void {
    this.end(this.blame(rank, what, exitStatus, host))
  }

  /** A whole host is the cause. */
  failOn(link: AgentLink, what: string, exitStatus: number = Status.failure): void {
    this.end(this.blameHost(link, what, exitStatus))
  }

  /** @param rank null: none is to blame. */
  blame(rank: number | null, what: string, exitStatus: number, host: string = this.hostOf(rank ?? 0)): Blame {
    const who = rank === null ? 'the job' : this.describe(rank)
    return { who, rank, host, pid: rank === null ? null : this.#ranks.pid(rank), what, exitStatus }
  }

  blameHost({ host }: AgentLink, what: string, exitStatus: number): Blame {
    return {
      ...this.blame(null, what, exitStatus, host.name),
      who: `${host.name} (ranks ${ranges(host.ranks)})`,
    }
  }

  /** The first one ends the job. */
  end(blame: Blame): void {
    if (this.#cause) return
    const { who, rank, what, exitStatus } = blame
    this.#agents.stopStarting()
    this.#setCause(blame)
    this.#output.say(`${who} ${what}; all ranks are ended (status ${exitStatus})`)
    if (rank !== null) this.#output.lastWords(rank)
    this.#abort(`${who} ${what}`, exitStatus)
  }

  /** A mistake of the user's, found inside the ranks: every rank finds it, one line says it. */
  misused(rank: number, text: string, exitStatus: number): void {
    this.#isRefused = true
    this.#setCause(this.blame(rank, text, exitStatus))
    this.#output.failure(rank, `pporun: ${text}`)
    this.#abort(text, exitStatus)
  }

  /** A mistake that shows only on that host. */
  refused({ host }: AgentLink, reason: string): void {
    if (this.#cause) return
    this.#isRefused = true
    this.#setCause(this.blame(null, reason, Status.usage, host.name))
    this.#output.say(`${host.name} ${reason}`)
    this.#abort(reason, Status.usage)
  }

  /**
   * Ends the job from outside: ranks in train() leave after an update, with a checkpoint. At a second Ctrl-C it ends at
   * once; other signals often come more than once (Slurm's to every process, a batch system's before each step of its own).
   * @param grace seconds from TERM to KILL.
   */
  stop(what: string, exitStatus: number, grace: number): void {
    this.#agents.stopStarting()
    if (this.#cause) {
      if (exitStatus === Status.interrupted) this.kill()
      return
    }
    this.#setCause(this.blame(null, what, exitStatus))
    this.#output.say(what)
    this.#graceEnds = Date.now() + 1000 * grace
    this.#agents.tellAll({ type: 'stop', exitStatus })
    this.#agents.killLater(grace + GIVE_UP)
  }

  /** A rank has died while all complete their last update: the others would wait for it in vain. */
  diedInGrace(rank: number, how: string): void {
    if (!this.#cause || Date.now() >= this.#graceEnds) return
    this.#graceEnds = 0
    const { exitStatus } = this.#cause
    this.#output.say(`${this.describe(rank)} ${how} meanwhile; all ranks are ended (status ${exitStatus})`)
    this.#abort(`${this.describe(rank)} ${how}`, exitStatus)
  }

  /** All ranks leave together, with a checkpoint: asked to, or because time was nearly up. */
  preempted(): void {
    if (this.#cause) this.#cause = { ...this.#cause, exitStatus: withCheckpoint(this.#cause.exitStatus) }
    if (this.#cause || !this.#limit) return
    const { what, exitStatus } = this.#limit
    this.#setCause(this.blame(null, `ended before ${what}`, exitStatus))
    this.#output.say(`ended before ${what}`)
  }

  kill(): void {
    this.#graceEnds = 0
    this.#agents.tellAll({ type: 'kill' })
    this.#agents.killLater(GIVE_UP)
  }

  /** `rank 2 (n1, pid 812)`. */
  describe(rank: number): string {
    return `rank ${rank} (${this.hostOf(rank)}, pid ${this.#ranks.pid(rank)})`
  }

  #abort(reason: string, exitStatus: number): void {
    this.#agents.tellAll({ type: 'abort', reason, exitStatus })
    this.#agents.killLater(Limit.abort + GIVE_UP)
  }

  /** Seconds since the launch. */
  get after(): number {
    return (Date.now() - this.#start) / 1000
  }

  #setCause({ who: _, ...cause }: Blame): void {
    this.#cause = { ...cause, after: this.after }
  }

  /** The name of a rank's host. */
  hostOf(rank: number): string {
    const { hosts, ranks } = this.#plan
    return hosts[ranks[rank].node].name
  }
}
