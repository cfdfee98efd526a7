import { Status, WIRE_VERSION } from '../src/base/contract.ts'
import type { RankMessage, RankOrder } from '../src/base/control.ts'
import type { Wait } from '../src/base/errors.ts'
import type { PhaseTimes } from '../src/base/progress.ts'
import { Rendezvous } from '../src/collective/rendezvous.ts'
import { Agents } from './agents.ts'
import type { Cause } from './cause.ts'
import { Census } from './census.ts'
import type { AgentLink } from './link.ts'
import type { Output } from './output/output.ts'
import type { Plan, PlannedHost } from './plan.ts'
import {
  type AgentJob,
  type FromAgent,
  markOf,
  type OutputMessage,
  outputBytes,
  type RankState,
} from './protocol.ts'
import { RankTable } from './ranktable.ts'
import { signalGroup, sweep } from './reap.ts'
import type { Runs } from './runs.ts'
import { signalNumber } from './signals.ts'
import type { Ending } from './spawn/carrier.ts'
import type { Spawner } from './spawn/spawn.ts'
import { Verdict } from './verdict.ts'
import { describeLate, latest } from './watch.ts'

/** What the launcher decides for the job as a whole. */
export interface JobSettings {
  plan: Plan
  spawner: Spawner
  /** What a host's agent is told, once all are ready. */
  agentJob(host: PlannedHost): AgentJob
  /** Seconds. */
  startTimeout: number
  /** Seconds; null: no limit. */
  timeout: number | null
  grace: number
}

/**
 * A running job. It passes messages between ranks, and decides how the job ends: the first unprompted exit is
 * the cause, everything after it a consequence. run() resolves with the exit status when no process is left.
 */
export class Job {
  readonly #settings: JobSettings
  readonly #output: Output
  readonly #runs: Runs
  readonly #agents: Agents
  readonly #census: Census
  readonly #ranks: RankTable
  readonly #rendezvous: Rendezvous
  readonly #timers: NodeJS.Timeout[] = []
  readonly #warned = new Set<string>()
  readonly #verdict: Verdict

  constructor(settings: JobSettings, output: Output, runs: Runs) {
    const { plan, spawner } = settings
    this.#settings = settings
    this.#output = output
    this.#runs = runs
    this.#ranks = new RankTable(plan.np)
    this.#rendezvous = new Rendezvous(plan.np)
    this.#agents = new Agents(plan, spawner, {
      message: (link, message) => this.#hear(link, message),
      said: ({ host }, line) => this.#output.say(`${host.name}: ${line}`),
      silent: (link, seconds) => this.#silent(link, seconds),
    })
    this.#census = new Census(this.#agents)
    this.#verdict = new Verdict(plan, this.#ranks, this.#agents, output)
  }

  /** Throws UsageError if hosts cannot work together. */
  async run(): Promise<number> {
    const { startTimeout, timeout, agentJob } = this.#settings
    this.#after(startTimeout, () => this.#checkStart())
    if (timeout !== null)
      this.#after(timeout, () => this.#verdict.fail(null, `ran past --timeout ${timeout} s`, Status.timeout))
    try {
      await this.#agents.start(text => this.#output.say(text))
      this.#output.step('an agent runs on every host')
      for (const link of this.#agents.links) {
        void link.ended.then(ending => this.#agentEnded(link, ending))
        if (!this.#verdict.cause) link.tell({ type: 'start', job: agentJob(link.host) })
      }
    } catch (error) {
      this.#verdict.kill()
      throw error
    } finally {
      await this.#agents.ended()
      for (const timer of this.#timers) clearTimeout(timer)
    }
    return this.#verdict.cause?.exitStatus ?? Status.success
  }

  /** Why the job failed; null while it has not. */
  get cause(): Cause | null {
    return this.#verdict.cause
  }

  /** Ends the job from outside; asked again it does so at once. */
  stop(what: string, exitStatus: number): void {
    this.#verdict.stop(what, exitStatus, this.#settings.grace)
  }

  /** The launcher is about to be suspended: agents elsewhere must not take its silence for a cut cable. */
  hold(): void {
    this.#agents.tellAll({ type: 'hold' })
  }

  #hear(link: AgentLink, message: FromAgent): void {
    if (message.type === 'output') this.#print(link, message)
    else if (message.type === 'message') this.#hearRank(link, message.rank, message.message)
    else if (message.type === 'started') this.#ranks.started(message.rank, message.pid)
    else if (message.type === 'exit') this.#rankEnded(message.rank, message.code, message.signal)
    else if (message.type === 'census') this.#census.answer(link, message.ranks)
    else if (message.type === 'times') this.#showTimes(link, message.ranks)
    else if (message.type === 'slow') void this.#warnOfLate()
    else if (message.type === 'warning') this.#output.say(message.text)
    else if (message.type === 'interrupted') this.#interrupted(link, message.signal)
    else if (message.type === 'refused') this.#verdict.refused(link, message.reason)
    else if (message.type === 'broken') this.#verdict.failOn(link, `cannot go on: ${message.reason}`)
  }

  #print(link: AgentLink, message: OutputMessage): void {
    const bytes = outputBytes(message)
    this.#output.receive(message.rank, message.stream, bytes, () => link.credit(bytes.length))
  }

  #showTimes({ host }: AgentLink, ranks: ({ rank: number } & PhaseTimes)[]): void {
    this.#output.times(this.#runs.times(ranks.map(times => ({ ...times, host: host.name }))))
  }

  #hearRank({ clockOffset }: AgentLink, rank: number, message: RankMessage): void {
    if (message.type === 'hello') this.#greeted(rank)
    else if (message.type === 'member') this.#meet(rank, message)
    else if (message.type === 'closed') this.#closed(rank, message.generation)
    else if (message.type === 'strays') this.#runs.dropped(message.strays)
    else if (message.type === 'spans') this.#runs.timeline?.add(rank, message.spans, clockOffset ?? 0)
    else if (message.type === 'claim') this.#claim(rank, message.index, message.resume)
    else if (message.type === 'run') this.#train(message.folder, message.fields)
    else if (message.type === 'status') this.#output.status(message.state)
    else if (message.type === 'timeout') void this.#timedOut(message.wait)
    else if (message.type === 'lost') void this.#lost(rank, message.what)
    else {
      this.#ranks.failed(rank, message)
      if (message.kind === 'aborted') this.#output.record(rank, message.text)
    }
  }

  #greeted(rank: number): void {
    this.#ranks.greeted(rank)
    if (this.#ranks.silent() === undefined) this.#output.step('all ranks run')
  }

  #train(folder: string, fields: Partial<Record<string, unknown>>): void {
    this.#runs.add(folder, fields)
    const { engine, transport, allreduce } = fields
    if (transport)
      this.#output.step(`training: engine ${engine}, transport ${transport}, allreduce ${allreduce}`)
  }

  #meet(rank: number, { generation, member, wire }: Extract<RankMessage, { type: 'member' }>): void {
    if (wire !== WIRE_VERSION)
      this.#verdict.fail(rank, `speaks wire version ${wire}, this launcher ${WIRE_VERSION}`, Status.failure)
    this.#ranks.connected(rank, generation)
    const members = this.#rendezvous.offer(rank, generation, member)
    if (members) {
      this.#output.step('all ranks know each other')
      this.#orderAll({ type: 'table', generation, members })
    } else this.#checkLeft()
  }

  /** Ranks leave a communicator together: until then the last frame of one may still be on its way. */
  #closed(rank: number, generation: number): void {
    if (this.#ranks.closed(rank, generation)) this.#orderAll({ type: 'allClosed', generation })
  }

  #claim(rank: number, index: number, resume: string | null): void {
    try {
      const { folder, isNew } = this.#runs.claim(index, resume)
      if (isNew) this.#output.logInto(folder)
      this.#order(rank, { type: 'claimed', index, folder })
    } catch (error) {
      this.#order(rank, { type: 'claimed', index, refused: (error as Error).message })
    }
  }

  #rankEnded(rank: number, code: number | null, signal: string | null): void {
    this.#ranks.ended(rank)
    this.#output.ended(rank)
    const failure = this.#ranks.failure(rank)
    if (this.#verdict.cause) return
    if (failure?.kind === 'usage') this.#verdict.misused(rank, failure.text, failure.exitStatus)
    else if (failure) {
      this.#output.failure(rank, failure.text)
      this.#verdict.fail(rank, `failed: ${failure.text.split('\n')[0]}`, failure.exitStatus)
    } else if (signal) {
      this.#verdict.fail(rank, `was killed by ${signal}`, 128 + signalNumber(signal))
    } else if (code !== 0) this.#verdict.fail(rank, `ended with exit status ${code}`, code ?? Status.failure)
    else if (this.#ranks.isConnected(rank))
      this.#verdict.fail(rank, 'ended before the others had finished', Status.failure)
    else this.#checkLeft()
  }

  /** A rank that has ended well cannot come to a meeting that others wait in. */
  #checkLeft(): void {
    const gone = this.#rendezvous.missing().find(rank => this.#ranks.hasEnded(rank))
    if (gone !== undefined)
      this.#verdict.fail(gone, 'ended while the others wait for it in connect()', Status.failure)
  }

  #checkStart(): void {
    const host = this.#agents.notReady()
    const silent = this.#ranks.silent()
    const [absent] = this.#rendezvous.missing()
    const limit = `within --start-timeout ${this.#settings.startTimeout} s`
    if (host) this.#verdict.fail(null, `got no agent on ${host.name} ${limit}`, Status.timeout, host.name)
    else if (silent !== undefined) this.#verdict.fail(silent, `did not start ${limit}`, Status.timeout)
    else if (absent !== undefined)
      this.#verdict.fail(absent, `did not call connect() or train() ${limit}`, Status.timeout)
  }

  /** In a ring everybody blames a neighbour: the agents know who is behind. */
  async #timedOut(wait: Wait): Promise<void> {
    const states = await this.#account()
    if (!states) return
    const late = latest(states)
    const { op, sequence, seconds, from } = wait
    const waited = `kept the others waiting for ${seconds.toFixed(1)} s in ${op} #${sequence}`
    this.#verdict.fail(
      late?.rank ?? from,
      late ? `${waited} (${describeLate(late)})` : waited,
      Status.timeout,
    )
  }

  /** A connection breaks when its peer dies, which its agent tells us in a moment; else it is the network. */
  async #lost(rank: number, what: string): Promise<void> {
    if (!(await this.#account())) return
    const who = this.#verdict.describe(rank)
    this.#verdict.fail(null, `lost a connection: ${who} says that ${what}`, Status.failure)
  }

  /** What all ranks do; null if it turns out that one has died or a host is silent. */
  async #account(): Promise<RankState[] | null> {
    const { states, silent } = await this.#census.afterIncident()
    if (silent.length > 0) this.#silent(silent[0], silent[0].silentFor)
    return this.#verdict.cause ? null : states
  }

  /** Ranks have waited for long in a collective: said once of every rank and collective. */
  async #warnOfLate(): Promise<void> {
    const late = latest((await this.#census.ask()).states)
    const key = late && `${late.rank} ${late.progress.sequence}`
    if (!key || this.#warned.has(key) || this.#verdict.cause) return
    this.#warned.add(key)
    this.#output.say(`the other ranks wait for ${describeLate(late)}`)
  }

  #silent(link: AgentLink, seconds: number): void {
    this.#verdict.failOn(link, `has been silent for ${seconds.toFixed(1)} s`, Status.timeout)
    link.kill()
  }

  #agentEnded(link: AgentLink, ending: Ending): void {
    const { host } = link
    if (host.ranks.every(rank => this.#ranks.hasEnded(rank))) return
    // Elsewhere the shell that started the agent does this.
    if (host.via === 'local') {
      for (const pid of this.#ranks.pids(host.ranks)) signalGroup(pid, 'SIGKILL')
      sweep(markOf(this.#settings.agentJob(host).jobId, host.node))
    }
    for (const rank of host.ranks) this.#ranks.ended(rank)
    const said = host.via === 'local' ? [] : ending.lastWords.slice(-1)
    const how = [ending.how, ...said].join(': ')
    this.#verdict.fail(null, `lost its agent on ${host.name} (${how})`, Status.failure, host.name)
  }

  /** What one is told, all are told; all may have been told. */
  #interrupted({ host }: AgentLink, signal: NodeJS.Signals): void {
    if (!this.#verdict.cause) this.stop(`ended by ${signal} on ${host.name}`, 128 + signalNumber(signal))
  }

  #order(rank: number, order: RankOrder): void {
    this.#agents.tellRank(rank, order)
  }

  #orderAll(order: RankOrder): void {
    for (let rank = 0; rank < this.#ranks.size; rank++) this.#order(rank, order)
  }

  #after(seconds: number, then: () => void): void {
    const timer = setTimeout(then, seconds * 1000)
    timer.unref()
    this.#timers.push(timer)
  }
}
