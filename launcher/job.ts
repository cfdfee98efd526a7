import { Status } from '../src/base/contract.ts'
import type { PhaseTimes } from '../src/base/progress.ts'
import { Rendezvous } from '../src/collective/rendezvous.ts'
import { Agents } from './agents.ts'
import type { Cause } from './cause.ts'
import { Census } from './census.ts'
import type { AgentLink } from './link.ts'
import type { Output } from './output/output.ts'
import type { Plan, PlannedHost } from './plan.ts'
import { type AgentJob, type FromAgent, type OutputMessage, outputBytes } from './protocol.ts'
import { RankMail } from './rankmail.ts'
import { RankTable } from './ranktable.ts'
import type { Runs } from './runs.ts'
import { signalNumber } from './signals.ts'
import type { Spawner } from './spawn/spawn.ts'
import { type JobParts, Supervisor } from './supervise.ts'
import type { TimeLimit } from './timelimit.ts'
import { Verdict } from './verdict.ts'

/** What the launcher decides for the job as a whole. */
export interface JobSettings {
  plan: Plan
  spawner: Spawner
  /** What a host's agent is told, once all are ready. */
  agentJob(host: PlannedHost): AgentJob
  /** The script as one file, which is made while agents start. */
  bundle: Promise<string>
  /** Seconds. */
  startTimeout: number
  /** Seconds; null: no limit. */
  timeout: number | null
  /** That, or Slurm's: whichever comes first. */
  limit: TimeLimit | null
  grace: number
}

/**
 * A running job. It passes messages between ranks, and decides how the job ends: the first unprompted exit is
 * the cause, everything after it a consequence. run() resolves with the exit status when no process is left.
 */
export class Job {
  readonly #settings: JobSettings
  readonly #runs: Runs
  readonly #parts: JobParts
  readonly #supervisor: Supervisor
  readonly #mail: RankMail
  readonly #timers: NodeJS.Timeout[] = []

  constructor(settings: JobSettings, output: Output, runs: Runs) {
    const { plan, spawner } = settings
    this.#settings = settings
    this.#runs = runs
    const ranks = new RankTable(plan.np)
    const agents = new Agents(plan, spawner, {
      message: (link, message) => this.#hear(link, message),
      said: ({ host }, line) => output.say(`${host.name}: ${line}`),
      silent: (link, seconds) => this.#supervisor.silent(link, seconds),
    })
    this.#parts = {
      output,
      agents,
      ranks,
      census: new Census(agents),
      rendezvous: new Rendezvous(plan.np),
      verdict: new Verdict(plan, ranks, agents, output, settings.limit),
    }
    this.#supervisor = new Supervisor(this.#parts)
    this.#mail = new RankMail(this.#parts, runs, this.#supervisor)
  }

  /** Throws UsageError if hosts cannot work together. */
  async run(): Promise<number> {
    const { startTimeout, timeout, agentJob } = this.#settings
    const { agents, output, verdict } = this.#parts
    this.#after(startTimeout, () => this.#supervisor.checkStart(startTimeout))
    if (timeout !== null)
      this.#after(timeout, () => verdict.fail(null, `ran past --timeout ${timeout} s`, Status.timeout))
    try {
      const ready = agents.start(text => output.say(text))
      void ready.then(
        () => output.step('an agent runs on every host'),
        () => {},
      )
      const [bundle] = await Promise.all([this.#settings.bundle, ready])
      for (const link of agents.links) {
        const job = agentJob(link.host)
        void link.ended.then(ending => this.#supervisor.agentEnded(link, job.jobId, ending))
        if (!verdict.cause) link.tell({ type: 'start', job, bundle, secondsLeft: this.#secondsLeft })
      }
    } catch (error) {
      verdict.kill()
      if (!verdict.cause) throw error // else it has been said what kept agents from starting: a time limit, Ctrl-C
    } finally {
      await agents.ended()
      for (const timer of this.#timers) clearTimeout(timer)
    }
    return verdict.cause?.exitStatus ?? Status.success
  }

  /** Why the job failed; null while it has not. */
  get cause(): Cause | null {
    return this.#parts.verdict.cause
  }

  /** Ends the job from outside. */
  stop(what: string, exitStatus: number): void {
    this.#parts.verdict.stop(what, exitStatus, this.#settings.grace)
  }

  /** The launcher is about to be suspended: agents elsewhere must not take its silence for a cut cable. */
  hold(): void {
    this.#parts.agents.tellAll({ type: 'hold' })
  }

  get #secondsLeft(): number | null {
    const { limit } = this.#settings
    return limit && (limit.at - Date.now()) / 1000
  }

  #hear(link: AgentLink, message: FromAgent): void {
    const { ranks, census, output, verdict } = this.#parts
    if (message.type === 'output') this.#print(link, message)
    else if (message.type === 'message') this.#mail.hear(link, message.rank, message.message)
    else if (message.type === 'started') ranks.started(message.rank, message.pid)
    else if (message.type === 'exit') this.#supervisor.rankEnded(message.rank, message.code, message.signal)
    else if (message.type === 'census') census.answer(link, message.ranks)
    else if (message.type === 'times') this.#showTimes(link, message.ranks)
    else if (message.type === 'slow') void this.#supervisor.warnOfLate()
    else if (message.type === 'warning') output.say(message.text)
    else if (message.type === 'interrupted') this.#interrupted(link, message.signal)
    else if (message.type === 'refused') verdict.refused(link, message.reason)
    else if (message.type === 'broken') verdict.failOn(link, `cannot go on: ${message.reason}`)
  }

  #print(link: AgentLink, message: OutputMessage): void {
    const bytes = outputBytes(message)
    this.#parts.output.receive(message.rank, message.stream, bytes, () => link.credit(bytes.length))
  }

  #showTimes({ host }: AgentLink, ranks: ({ rank: number } & PhaseTimes)[]): void {
    this.#parts.output.times(this.#runs.times(ranks.map(times => ({ ...times, host: host.name }))))
  }

  /** What one is told, all are told; all may have been told. */
  #interrupted({ host }: AgentLink, signal: NodeJS.Signals): void {
    if (!this.cause) this.stop(`ended by ${signal} on ${host.name}`, 128 + signalNumber(signal))
  }

  #after(seconds: number, then: () => void): void {
    const timer = setTimeout(then, seconds * 1000)
    timer.unref()
    this.#timers.push(timer)
  }
}
