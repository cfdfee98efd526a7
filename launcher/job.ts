import { Status, WIRE_VERSION } from '../src/base/contract.ts'
import type { RankMessage, RankOrder, Wait } from '../src/base/control.ts'
import { Rendezvous } from '../src/collective/rendezvous.ts'
import type { Cause } from './cause.ts'
import type { Output } from './output.ts'
import {
  type AgentJob,
  type FromAgent,
  type RankState,
  readLines,
  type ToAgent,
  writeLine,
} from './protocol.ts'
import { RankTable } from './ranktable.ts'
import { endMarked, removeFolder, signalGroup } from './reap.ts'
import type { Runs } from './runs.ts'
import { signalNumber } from './signals.ts'
import { describeLate, latest } from './watch.ts'

/** An agent as the launcher holds it, however it was started. */
export interface AgentProcess {
  stdin: NodeJS.WritableStream
  stdout: NodeJS.ReadableStream
  /** Resolves when it is gone, with how it ended. */
  ended: Promise<string>
}

/** What the launcher decides for the job as a whole. */
export interface JobSettings {
  host: string
  /** Seconds. */
  startTimeout: number
  /** Seconds; null: no limit. */
  timeout: number | null
}

/** How long reports about one incident are collected before a rank is named. */
const COLLECT = 200 // ms

/**
 * A running job. It passes messages between ranks, and decides how the job ends: the first unprompted exit is
 * the cause, everything after it a consequence. run() resolves with the exit status when no process is left.
 */
export class Job {
  readonly #agentJob: AgentJob
  readonly #settings: JobSettings
  readonly #output: Output
  readonly #runs: Runs
  readonly #start: number = Date.now()
  readonly #ranks: RankTable
  readonly #rendezvous: Rendezvous
  readonly #timers: NodeJS.Timeout[] = []
  #agent: AgentProcess | null = null
  #agentFolder: string | null = null
  #cause: Cause | null = null
  #wait: Wait | null = null

  constructor(job: AgentJob, settings: JobSettings, output: Output, runs: Runs) {
    this.#agentJob = job
    this.#settings = settings
    this.#output = output
    this.#runs = runs
    this.#ranks = new RankTable(job.np)
    this.#rendezvous = new Rendezvous(job.np)
  }

  async run(agent: AgentProcess): Promise<number> {
    const { startTimeout, timeout } = this.#settings
    this.#agent = agent
    agent.stdin.on('error', () => {}) // an agent that is gone shows in `ended`
    readLines<FromAgent>(agent.stdout, message => this.#hear(message))
    this.#after(startTimeout, () => this.#checkStart())
    if (timeout !== null)
      this.#after(timeout, () => this.#fail(null, `ran past --timeout ${timeout} s`, Status.timeout))
    const how = await agent.ended
    for (const timer of this.#timers) clearTimeout(timer)
    if (!this.#ranks.allEnded()) this.#agentDied(how)
    return this.#cause?.exitStatus ?? Status.success
  }

  /** Why the job failed; null while it has not. */
  get cause(): Cause | null {
    return this.#cause
  }

  /** Ends the job from outside; asked again it does so at once. */
  stop(what: string, exitStatus: number): void {
    if (this.#cause) {
      this.#tell({ type: 'kill' })
      return
    }
    this.#setCause(null, what, exitStatus)
    this.#output.say(what)
    this.#tell({ type: 'stop' })
  }

  #hear(message: FromAgent): void {
    if (message.type === 'line') this.#output.rankLine(message.rank, message.stream, message.text)
    else if (message.type === 'message') this.#hearRank(message.rank, message.message)
    else if (message.type === 'started') this.#ranks.started(message.rank, message.pid)
    else if (message.type === 'exit') this.#rankEnded(message.rank, message.code, message.signal)
    else if (message.type === 'census') this.#blame(message.ranks)
    else if (message.type === 'warning') this.#output.say(message.text)
    else if (message.type === 'broken')
      this.#fail(null, `cannot go on, its agent failed: ${message.reason}`, Status.failure)
    else {
      this.#agentFolder = message.folder
      this.#tell({ type: 'start', job: this.#agentJob })
    }
  }

  #hearRank(rank: number, message: RankMessage): void {
    if (message.type === 'hello') this.#ranks.greeted(rank)
    else if (message.type === 'address') this.#meet(rank, message)
    else if (message.type === 'closed') this.#closed(rank, message.generation)
    else if (message.type === 'claim') this.#claim(rank, message.index)
    else if (message.type === 'run') this.#runs.add(message.folder, message.fields)
    else if (message.type === 'status') this.#output.status(message.text)
    else if (message.type === 'timeout') this.#timedOut(message.wait)
    else this.#ranks.failed(rank, message)
  }

  #meet(rank: number, { generation, address, wire }: Extract<RankMessage, { type: 'address' }>): void {
    if (wire !== WIRE_VERSION)
      this.#fail(rank, `speaks wire version ${wire}, this launcher ${WIRE_VERSION}`, Status.failure)
    this.#ranks.connected(rank, generation)
    const addresses = this.#rendezvous.offer(rank, generation, address)
    if (addresses) this.#orderAll({ type: 'table', generation, addresses })
    else this.#checkLeft()
  }

  /** Ranks leave a communicator together: until then the last frame of one may still be on its way. */
  #closed(rank: number, generation: number): void {
    if (this.#ranks.closed(rank, generation)) this.#orderAll({ type: 'allClosed', generation })
  }

  #claim(rank: number, index: number): void {
    try {
      const { folder, isNew } = this.#runs.claim(index)
      if (isNew) this.#output.logInto(folder, this.#ranks.size)
      this.#order(rank, { type: 'claimed', index, folder })
    } catch (error) {
      this.#order(rank, { type: 'claimed', index, refused: (error as Error).message })
    }
  }

  #rankEnded(rank: number, code: number | null, signal: string | null): void {
    this.#ranks.ended(rank)
    const failure = this.#ranks.failure(rank)
    if (this.#cause) return
    if (signal) this.#fail(rank, `was killed by ${signal}`, 128 + signalNumber(signal))
    else if (failure?.kind === 'usage') this.#misused(rank, failure.text, failure.exitStatus)
    else if (failure) {
      this.#output.failure(rank, failure.text)
      this.#fail(rank, `failed: ${failure.text.split('\n')[0]}`, failure.exitStatus)
    } else if (code !== 0) this.#fail(rank, `ended with exit status ${code}`, code ?? Status.failure)
    else if (this.#ranks.isConnected(rank))
      this.#fail(rank, 'ended before the others had finished', Status.failure)
    else this.#checkLeft()
  }

  /** A mistake of the user's, found inside the ranks: every rank finds it, one line says it. */
  #misused(rank: number, text: string, exitStatus: number): void {
    this.#setCause(rank, text, exitStatus)
    this.#output.failure(rank, `pporun: ${text}`)
    this.#tell({ type: 'abort', reason: text })
  }

  /** A rank that has ended well cannot come to a meeting that others wait in. */
  #checkLeft(): void {
    const gone = this.#rendezvous.missing().find(rank => this.#ranks.hasEnded(rank))
    if (gone !== undefined)
      this.#fail(gone, 'ended while the others wait for it in connect()', Status.failure)
  }

  #checkStart(): void {
    const silent = this.#ranks.silent()
    const [absent] = this.#rendezvous.missing()
    const limit = `within --start-timeout ${this.#settings.startTimeout} s`
    if (silent !== undefined) this.#fail(silent, `did not start ${limit}`, Status.timeout)
    else if (absent !== undefined)
      this.#fail(absent, `did not call connect() or train() ${limit}`, Status.timeout)
  }

  /** In a ring everybody blames a neighbour: the agent knows who is behind. */
  #timedOut(wait: Wait): void {
    if (this.#wait || this.#cause) return
    this.#wait = wait
    setTimeout(() => this.#tell({ type: 'census' }), COLLECT)
  }

  #blame(ranks: RankState[]): void {
    if (!this.#wait) return
    const late = latest(ranks)
    const { op, sequence, seconds, from } = this.#wait
    const waited = `kept the others waiting for ${seconds.toFixed(1)} s in ${op} #${sequence}`
    this.#fail(late?.rank ?? from, late ? `${waited} (${describeLate(late)})` : waited, Status.timeout)
  }

  #agentDied(how: string): void {
    for (const pid of this.#ranks.pids()) signalGroup(pid, 'SIGKILL')
    endMarked(this.#agentJob.jobId)
    if (this.#agentFolder !== null) removeFolder(this.#agentFolder)
    if (!this.#cause) this.#fail(null, `lost its agent on ${this.#settings.host} (${how})`, Status.failure)
  }

  #fail(rank: number | null, what: string, exitStatus: number): void {
    if (this.#cause) return
    const { host, pid } = this.#setCause(rank, what, exitStatus)
    const who = rank === null ? 'the job' : `rank ${rank} (${host}, pid ${pid})`
    this.#output.say(`${who} ${what}; all ranks are ended (status ${exitStatus})`)
    this.#tell({ type: 'abort', reason: `${who} ${what}` })
  }

  #setCause(rank: number | null, what: string, exitStatus: number): Cause {
    const pid = rank === null ? null : this.#ranks.pid(rank)
    const after = (Date.now() - this.#start) / 1000
    this.#cause = { rank, host: this.#settings.host, pid, what, exitStatus, after }
    return this.#cause
  }

  #order(rank: number, order: RankOrder): void {
    this.#tell({ type: 'order', rank, order })
  }

  #orderAll(order: RankOrder): void {
    for (let rank = 0; rank < this.#ranks.size; rank++) this.#order(rank, order)
  }

  #tell(order: ToAgent): void {
    if (this.#agent) writeLine(this.#agent.stdin, order)
  }

  #after(seconds: number, then: () => void): void {
    const timer = setTimeout(then, seconds * 1000)
    timer.unref()
    this.#timers.push(timer)
  }
}
