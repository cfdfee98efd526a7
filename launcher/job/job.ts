import { Status } from '../../src/base/contract.ts'
import type { PhaseTimes } from '../../src/base/progress.ts'
import { Rendezvous } from '../../src/collective/rendezvous.ts'
import type { ListedHosts } from '../hosts/listed.ts'
import type { Output } from '../output/output.ts'
import type { Plan, PlannedHost } from '../plan.ts'
import { type AgentJob, type FromAgent, type OutputMessage, outputBytes } from '../protocol.ts'
import type { Runs } from '../runs.ts'
import { signalNumber } from '../signals.ts'
import type { Spawner } from '../spawn/spawn.ts'
import { Agents } from './agents.ts'
import type { Cause } from './cause.ts'
import { Census } from './census.ts'
import { Elastic, type ElasticSettings } from './elastic.ts'
import type { AgentLink } from './link.ts'
import { RankMail } from './rankmail.ts'
import { RankTable } from './ranktable.ts'
import { Replacements } from './replace.ts'
import { type JobParts, Supervisor } from './supervise.ts'
import type { TimeLimit } from './timelimit.ts'
import { Verdict } from './verdict.ts'

/** What the launcher decides for the job as a whole. */
export interface JobSettings extends ElasticSettings {
  plan: Plan
  spawner: Spawner
  /** What a host's agent is told, once all are ready. */
  agentJob(host: PlannedHost): AgentJob
  /** The script as one file, which is made while agents start. */
  bundle: Promise<string>
  hosts: ListedHosts
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
  readonly #elastic: Elastic
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
    const replacements = new Replacements(plan, agents, ranks, output, {
      hosts: () => settings.hosts.now(),
      start: host => this.#startLater(host),
      startTimeout: settings.startTimeout,
    })
    this.#elastic = new Elastic(settings, plan, this.#parts, runs, replacements)
    this.#supervisor = new Supervisor(this.#parts, this.#elastic)
    this.#mail = new RankMail(this.#parts, runs, this.#supervisor, this.#elastic)
  }

  /** Throws UsageError if hosts cannot work together. */
  async run(): Promise<number> {
    const { startTimeout, timeout, agentJob, hosts } = this.#settings
    const { agents, output, verdict } = this.#parts
    const stopWatching = hosts.watch(() => this.#elastic.isOn && this.#supervisor.dismiss(hosts.now()))
    this.#after(startTimeout, () => {
      if (this.#elastic.epoch === 0) this.#supervisor.checkStart(startTimeout)
    })
    if (timeout !== null)
      this.#after(timeout, () => verdict.fail(null, `ran past --timeout ${timeout} s`, Status.timeout))
    try {
      const ready = agents.start(text => output.say(text))
      void ready.then(
        () => output.step('an agent runs on every host'),
        () => {},
      )
      const [bundle] = await Promise.all([this.#settings.bundle, ready])
      for (const link of agents.links) this.#startRanks(link, agentJob(link.host), bundle)
    } catch (error) {
      verdict.kill()
      if (!verdict.cause) throw error // else it has been said what kept agents from starting: a time limit, Ctrl-C
    } finally {
      await agents.ended()
      for (const timer of this.#timers) clearTimeout(timer)
      this.#elastic.stop()
      stopWatching()
    }
    return verdict.cause?.exitStatus ?? Status.success
  }

  /** Why the job failed; null while it has not. */
  get cause(): Cause | null {
    return this.#parts.verdict.cause
  }

  /** It has come to nothing: what was asked for cannot be. */
  get isRefused(): boolean {
    return this.#parts.verdict.isRefused
  }

  /** Ends the job from outside. */
  stop(what: string, exitStatus: number): void {
    this.#parts.verdict.stop(what, exitStatus, this.#settings.grace)
  }

  /** The launcher is about to be suspended: agents elsewhere must not take its silence for a cut cable. */
  hold(): void {
    this.#parts.agents.hold()
  }

  goOn(): void {
    this.#parts.agents.goOn()
  }

  get #secondsLeft(): number | null {
    const { limit } = this.#settings
    return limit && (limit.at - Date.now()) / 1000
  }

  #hear(link: AgentLink, message: FromAgent): void {
    const { ranks, census, output } = this.#parts
    // A rank that is somewhere else by now has nothing to say from here.
    if ('rank' in message && !link.host.ranks.includes(message.rank)) return
    if (message.type === 'output') this.#print(link, message)
    else if (message.type === 'message') this.#mail.hear(link, message.rank, message.message)
    else if (message.type === 'started') ranks.started(message.rank, message.pid)
    else if (message.type === 'exit') this.#supervisor.rankEnded(message.rank, message.code, message.signal)
    else if (message.type === 'census') census.answer(link, message.ranks)
    else if (message.type === 'times') this.#showTimes(link, message.ranks)
    else if (message.type === 'slow') void this.#supervisor.warnOfLate()
    else if (message.type === 'warning') output.say(message.text)
    else if (message.type === 'interrupted') this.#interrupted(link, message.signal)
    else if (message.type === 'refused') this.#supervisor.refused(link, message.reason)
    else if (message.type === 'broken') this.#supervisor.broken(link, message.reason)
  }

  #print(link: AgentLink, message: OutputMessage): void {
    const bytes = outputBytes(message)
    this.#parts.output.receive(message.rank, message.stream, bytes, () => link.credit(bytes.length))
  }

  #showTimes({ host }: AgentLink, ranks: ({ rank: number } & PhaseTimes)[]): void {
    this.#parts.output.times(this.#runs.times(ranks.map(times => ({ ...times, host: host.name }))))
  }

  #startRanks(link: AgentLink, job: AgentJob, bundle: string): void {
    void link.ended.then(ending => this.#supervisor.agentEnded(link, ending))
    if (!this.cause) link.tell({ type: 'start', job, bundle, secondsLeft: this.#secondsLeft })
  }

  /** Of a host that comes while the job runs: why it cannot, or null. */
  async #startLater(host: PlannedHost): Promise<string | null> {
    const { agents, output } = this.#parts
    const problem = await agents.add(host, text => output.say(text))
    const link = agents.link(host.node)
    if (problem !== null) link?.kill()
    else if (link)
      this.#startRanks(link, { ...this.#settings.agentJob(host), joins: true }, await this.#settings.bundle)
    if (this.#elastic.hasStopped) link?.tell({ type: 'leave' })
    return problem
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
