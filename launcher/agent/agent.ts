import { constants, hostname } from 'node:os'
import { finished, type Writable } from 'node:stream'
import { Limit, Status } from '../../src/base/contract.ts'
import type { RankMessage } from '../../src/base/control.ts'
import { adoptOrphans } from '../../src/base/system.ts'
import type { HostFacts } from '../facts.ts'
import {
  type AgentJob,
  type FromAgent,
  readLines,
  type StartOrder,
  type ToAgent,
  writeLine,
} from '../protocol.ts'
import { endMarked, makeAgentFolder, markDescendants, removeFolder } from '../reap.ts'
import { withCheckpoint } from '../signals.ts'
import { Silence } from '../silence.ts'
import { gpusOf, refusalOf } from './inspect.ts'
import type { RankEvents } from './localrank.ts'
import { LocalRanks } from './localranks.ts'
import { Outflow } from './outflow.ts'

const LAST_WORDS = 1000 // ms

/**
 * The agent: one per host, between the launcher and that host's ranks. It starts them, carries their messages
 * and output, and sees to it that none outlives the job: also when the launcher is killed, which it notices because
 * its input ends, and when the cable to it is cut, which it notices because nothing comes any more.
 */
export class Agent {
  readonly #mark: string
  readonly #folder: string
  readonly #output: Writable
  readonly #leave: (exitStatus: number) => void
  #exitStatus = 0
  #job: AgentJob | null = null
  readonly #outflow: Outflow
  #ranks: LocalRanks | null = null
  #silence: Silence | null = null
  #ending = false

  /**
   * @param mark what its processes are found by when it is gone.
   * @param facts what it says of its host; null: nobody has asked, the launcher is on this host and its death is
   * known at once.
   * @param leave called when all ranks have ended and nothing is left, with the status of the job as far as it is known.
   */
  constructor(
    mark: string,
    input: NodeJS.ReadableStream,
    output: Writable,
    facts: HostFacts | null,
    leave: (exitStatus: number) => void,
  ) {
    this.#mark = mark
    this.#folder = makeAgentFolder(mark)
    this.#output = output
    this.#outflow = new Outflow(output, hold => this.#ranks?.holdOutput(hold))
    this.#leave = leave
    adoptOrphans()
    markDescendants(mark)
    // A launcher that is gone reads nothing: what is left to do here must not fail of that.
    output.on('error', () => {})
    finished(input, { writable: false }, () => this.#stopUnheard()) // a connection that is reset has no end
    readLines<ToAgent>(input, order => this.#obey(order))
    if (facts) this.#silence = new Silence(Limit.silence, () => this.#stopUnheard())
    this.#say({ type: 'ready', facts })
  }

  /** Somebody has signalled this agent or one of its ranks, and perhaps no other. */
  interrupt(signal: NodeJS.Signals): void {
    if (this.#ending) return
    this.#say({ type: 'interrupted', signal })
    this.#stopAs(128 + constants.signals[signal])
  }

  #stopAs(exitStatus: number): void {
    this.#exitStatus = exitStatus
    this.#ranks?.stopWord.stop()
    this.#stop()
  }

  /** TERM to every rank's process group, then KILL. */
  #stop(): void {
    this.#ending = true
    this.#ranks?.signal('SIGTERM')
    // A stopped process gets its TERM only when it is continued.
    this.#ranks?.signal('SIGCONT')
    setTimeout(() => this.kill(), (this.#job?.grace ?? 0) * 1000).unref()
    this.#leaveIfDone()
  }

  /** KILL to every rank's process group. */
  kill(): void {
    this.#ending = true
    this.#ranks?.signal('SIGKILL')
    this.#leaveIfDone()
  }

  /** The agent itself cannot go on. */
  fail(reason: string): void {
    this.#say({ type: 'broken', reason })
    this.kill()
  }

  /** Nobody is there to take what the ranks print. */
  #stopUnheard(): void {
    this.#outflow.giveUp()
    this.#ranks?.stopWord.leave()
    this.#stop()
  }

  #obey(order: ToAgent): void {
    // Only beats count: other orders may still be on their way when the launcher has said that it will be silent.
    if (order.type === 'beat') this.#silence?.heard()
    if (order.type === 'hold') this.#silence?.hold()
    else if (order.type === 'start') this.#tryToStart(order)
    else if (order.type === 'inspect') this.#say({ type: 'inspected', refusal: refusalOf(order.job) })
    else if (order.type === 'credit') this.#heard(order.bytes)
    else if (order.type === 'order') this.#ranks?.find(order.rank)?.tell(order.order)
    else if (order.type === 'census') this.#say({ type: 'census', ranks: this.#ranks?.watch.census() ?? [] })
    else if (order.type === 'beat') this.#say({ type: 'beat', at: order.at, clock: Date.now() })
    else if (order.type === 'abort') this.#abort(order.reason, order.exitStatus)
    else if (order.type === 'stop') this.#stopAs(order.exitStatus)
    else if (order.type === 'killRank') this.#ranks?.find(order.rank)?.signal('SIGKILL')
    else if (order.type === 'replace') this.#replace(order.rank)
    else if (order.type === 'leave') this.kill()
    else {
      this.#outflow.giveUp()
      this.kill()
    }
  }

  #tryToStart(order: StartOrder): void {
    const { job } = order
    try {
      const refusal = refusalOf(job)
      if (refusal !== null) this.#refuse(refusal)
      else this.#start(order, this.#findGpus(job))
    } catch (error) {
      this.fail((error as Error).message)
    }
  }

  #refuse(reason: string): void {
    this.#say({ type: 'refused', reason })
    this.kill()
  }

  /** Says it where ranks have to share what is found. */
  #findGpus(job: AgentJob): readonly string[] | null {
    const { gpus, ranks } = job
    const found = gpusOf(job)
    if (gpus === 'all' && found && found.length < ranks.length)
      this.#say({
        type: 'warning',
        text: `${hostname()}: ${ranks.length} ranks share ${found.length} GPUs`,
      })
    return found
  }

  #start({ job, bundle, secondsLeft }: StartOrder, gpus: readonly string[] | null): void {
    this.#job = job
    const place = { folder: this.#folder, gpus }
    const say = (message: FromAgent) => this.#say(message)
    this.#ranks = new LocalRanks(job, bundle, place, rank => this.#eventsOf(rank), say)
    if (secondsLeft !== null) this.#ranks.stopWord.setDeadline(Date.now() + secondsLeft * 1000)
  }

  #replace(rank: number): void {
    if (!this.#ending) this.#ranks?.replace(rank)
  }

  #eventsOf(rank: number): RankEvents {
    return {
      output: (stream, bytes) => this.#outflow.print(rank, stream, bytes),
      message: (message: RankMessage) => {
        if (message.type === 'signalled') this.interrupt(message.signal)
        else this.#say({ type: 'message', rank, message })
      },
      started: pid => this.#say({ type: 'started', rank, pid }),
      exit: (pid, code, signal) => {
        this.#exitStatus ||= code ?? Status.failure
        if (code === Status.preempted) this.#exitStatus = withCheckpoint(this.#exitStatus)
        this.#say({ type: 'exit', rank, pid, code, signal })
        this.#leaveIfDone()
      },
      drained: () => this.#leaveIfDone(),
    }
  }

  #say(message: FromAgent): void {
    writeLine(this.#output, message)
  }

  #heard(bytes: number): void {
    this.#outflow.heard(bytes)
    this.#leaveIfDone()
  }

  #abort(reason: string, exitStatus: number): void {
    this.#ending = true
    this.#exitStatus = exitStatus
    this.#ranks?.abort(reason)
    setTimeout(() => this.kill(), Limit.abort * 1000).unref()
    this.#leaveIfDone()
  }

  /** The last one out sweeps: grandchildren that their ranks have left behind. */
  #leaveIfDone(): void {
    const mayGetRanks = !this.#ranks || this.#job?.elastic
    if ((mayGetRanks && !this.#ending) || this.#ranks?.areDone === false) return
    if (!this.#outflow.isDone) return
    this.#ranks?.watch.stop()
    this.#silence?.stop()
    this.#ranks?.signal('SIGKILL')
    endMarked(this.#mark, process.pid)
    removeFolder(this.#folder)
    const leave = () => this.#leave(this.#exitStatus)
    this.#output.end(leave)
    // In a cut nobody takes the last words.
    setTimeout(leave, LAST_WORDS)
  }
}
