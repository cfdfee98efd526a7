import { Status, WIRE_VERSION } from '../src/base/contract.ts'
import type { RankMessage, RankOrder, Wait } from '../src/base/control.ts'
import { Rendezvous } from '../src/collective/rendezvous.ts'
import type { Output } from './output.ts'
import {
  type AgentJob,
  type FromAgent,
  type RankState,
  readLines,
  type ToAgent,
  writeLine,
} from './protocol.ts'
import { signalGroup, sweep } from './reap.ts'
import type { Cause, Runs } from './runs.ts'
import { signalNumber } from './signals.ts'
import { describeLate, latest } from './watch.ts'

/** An agent as the launcher holds it, however it was started. */
export interface AgentProcess {
  stdin: NodeJS.WritableStream
  stdout: NodeJS.ReadableStream
  /** Resolves when it is gone, with how it ended. */
  ended: Promise<string>
}

/** What the job needs to know beside what its agent does. */
export interface JobSettings {
  host: string
  startTimeout: number
  timeout: number | null
}

/** How long reports about one incident are collected before a rank is named. */
const COLLECT = 200 // ms

interface Rank {
  pid: number
  greeted: boolean
  /** Newest communicator that it has asked for, and the newest that it has closed. */
  connected: number
  closed: number
  failure: Extract<RankMessage, { type: 'failed' }> | null
  ended: boolean
}

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
  readonly #ranks: Rank[]
  readonly #rendezvous: Rendezvous
  readonly #timers: NodeJS.Timeout[] = []
  #agent: AgentProcess | null = null
  #agentFolder = ''
  #cause: Cause | null = null
  #wait: Wait | null = null

  constructor(job: AgentJob, settings: JobSettings, output: Output, runs: Runs) {
    this.#agentJob = job
    this.#settings = settings
    this.#output = output
    this.#runs = runs
    this.#rendezvous = new Rendezvous(job.np)
    this.#ranks = Array.from({ length: job.np }, () => ({
      pid: 0,
      greeted: false,
      connected: 0,
      closed: 0,
      failure: null,
      ended: false,
    }))
  }

  async run(agent: AgentProcess): Promise<number> {
    this.#agent = agent
    agent.stdin.on('error', () => {})
    readLines<FromAgent>(agent.stdout, message => this.#hear(message))
    this.#limit(this.#settings.startTimeout, () => this.#checkStart())
    if (this.#settings.timeout !== null)
      this.#limit(this.#settings.timeout, () =>
        this.#fail(null, `ran past --timeout ${this.#settings.timeout} s`, Status.timeout),
      )
    const how = await agent.ended
    for (const timer of this.#timers) clearTimeout(timer)
    if (this.#ranks.some(rank => !rank.ended)) this.#agentDied(how)
    return this.#cause?.exitStatus ?? Status.success
  }

  /** Ends the job from outside; a second call does it at once. */
  stop(what: string, exitStatus: number): void {
    if (this.#cause?.rank === null && this.#cause.exitStatus === exitStatus)
      return this.#tell({ type: 'kill' })
    if (this.#cause) return
    this.#setCause(null, what, exitStatus)
    this.#output.say(what)
    this.#tell({ type: 'stop' })
  }

  get cause(): Cause | null {
    return this.#cause
  }

  #hear(message: FromAgent): void {
    if (message.type === 'line') this.#output.rankLine(message.rank, message.stream, message.text)
    else if (message.type === 'message') this.#hearRank(message.rank, message.message)
    else if (message.type === 'started') this.#ranks[message.rank].pid = message.pid
    else if (message.type === 'exit') this.#rankEnded(message.rank, message.code, message.signal)
    else if (message.type === 'census') this.#blame(message.ranks)
    else if (message.type === 'warning') this.#output.say(message.text)
    else if (message.type === 'broken')
      this.#fail(null, `the agent failed: ${message.reason}`, Status.failure)
    else {
      this.#agentFolder = message.folder
      this.#tell({ type: 'start', job: this.#agentJob })
    }
  }

  #hearRank(rank: number, message: RankMessage): void {
    const state = this.#ranks[rank]
    if (message.type === 'hello') state.greeted = true
    else if (message.type === 'endpoint') this.#meet(rank, message)
    else if (message.type === 'closed') this.#closed(rank, message.generation)
    else if (message.type === 'claim') this.#claim(rank, message.index)
    else if (message.type === 'run') this.#runs.add(message.folder, message.fields)
    else if (message.type === 'status') this.#output.status(message.text)
    else if (message.type === 'timeout') this.#timedOut(message.wait)
    else state.failure = message
  }

  #meet(rank: number, { generation, endpoint, wire }: Extract<RankMessage, { type: 'endpoint' }>): void {
    if (wire !== WIRE_VERSION)
      return this.#fail(rank, `speaks wire version ${wire}, not ${WIRE_VERSION}`, Status.failure)
    this.#ranks[rank].connected = generation
    const endpoints = this.#rendezvous.offer(rank, generation, endpoint)
    if (endpoints) this.#orderAll({ type: 'table', generation, endpoints })
    else this.#checkLeft()
  }

  /** Ranks leave a communicator together: until then the last frame of one may still be on its way. */
  #closed(rank: number, generation: number): void {
    this.#ranks[rank].closed = generation
    if (this.#ranks.every(({ closed }) => closed >= generation))
      this.#orderAll({ type: 'allClosed', generation })
  }

  #claim(rank: number, index: number): void {
    try {
      const { folder, isNew } = this.#runs.claim(index)
      if (isNew) this.#output.logInto(folder)
      this.#order(rank, { type: 'claimed', index, folder })
    } catch (error) {
      this.#order(rank, { type: 'refused', index, reason: (error as Error).message })
    }
  }

  #rankEnded(rank: number, code: number | null, signal: string | null): void {
    const state = this.#ranks[rank]
    state.ended = true
    if (this.#cause) return
    const { failure } = state
    // A rank that was told of the abort is a consequence; the cause is still on its way.
    if (failure?.kind === 'aborted') return
    if (signal) this.#fail(rank, `was killed by ${signal}`, 128 + signalNumber(signal))
    else if (code !== 0) this.#failed(rank, code ?? 1, failure)
    else if (state.connected > state.closed)
      this.#fail(rank, 'ended before the others had finished', Status.failure)
    else this.#checkLeft()
  }

  #failed(rank: number, code: number, failure: Rank['failure']): void {
    if (failure?.kind === 'usage') {
      this.#setCause(rank, failure.text, code)
      this.#output.failure(rank, `pporun: ${failure.text}`)
      this.#tell({ type: 'abort', reason: failure.text })
      return
    }
    if (failure) this.#output.failure(rank, failure.text)
    const what = failure ? `failed: ${failure.text.split('\n')[0]}` : `ended with exit status ${code}`
    this.#fail(rank, what, code)
  }

  /** A rank that has ended well cannot come to a meeting that others wait in. */
  #checkLeft(): void {
    const gone = this.#rendezvous.missing().find(rank => this.#ranks[rank].ended)
    if (gone !== undefined)
      this.#fail(gone, 'ended while the others wait for it in connect()', Status.failure)
  }

  #checkStart(): void {
    const silent = this.#ranks.findIndex(rank => !rank.greeted)
    const [absent] = this.#rendezvous.missing()
    const limit = `within --start-timeout ${this.#settings.startTimeout} s`
    if (silent >= 0) this.#fail(silent, `did not start ${limit}`, Status.timeout)
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
    const late = latest(ranks)
    const { op, sequence, seconds } = this.#wait!
    const waited = `kept the others waiting for ${seconds.toFixed(1)} s in ${op} #${sequence}`
    const rank = late?.rank ?? this.#wait!.from
    this.#fail(rank, late ? `${waited} (${describeLate(late)})` : waited, Status.timeout)
  }

  #agentDied(how: string): void {
    for (const { pid } of this.#ranks) if (pid > 0) signalGroup(pid, 'SIGKILL')
    sweep(this.#agentJob.jobId, this.#agentFolder)
    if (!this.#cause) this.#fail(null, `the agent on ${this.#settings.host} died (${how})`, Status.failure)
  }

  #fail(rank: number | null, what: string, exitStatus: number): void {
    if (this.#cause) return
    this.#setCause(rank, what, exitStatus)
    const { host, pid } = this.#cause!
    const who = rank === null ? 'the job' : `rank ${rank} (${host}, pid ${pid})`
    this.#output.say(`${who} ${what}; all ranks are ended (status ${exitStatus})`)
    this.#tell({ type: 'abort', reason: `${who} ${what}` })
  }

  #setCause(rank: number | null, what: string, exitStatus: number): void {
    const pid = rank === null ? null : this.#ranks[rank].pid
    this.#cause = {
      rank,
      host: this.#settings.host,
      pid,
      what,
      exitStatus,
      after: (Date.now() - this.#start) / 1000,
    }
  }

  #order(rank: number, order: RankOrder): void {
    this.#tell({ type: 'order', rank, order })
  }

  #orderAll(order: RankOrder): void {
    for (let rank = 0; rank < this.#ranks.length; rank++) this.#order(rank, order)
  }

  #tell(order: ToAgent): void {
    writeLine(this.#agent!.stdin, order)
  }

  #limit(seconds: number, then: () => void): void {
    const timer = setTimeout(then, seconds * 1000)
    timer.unref()
    this.#timers.push(timer)
  }
}
