import { mkdtempSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { Limit } from '../src/base/contract.ts'
import type { RankMessage } from '../src/base/control.ts'
import { progressBytes } from '../src/base/progress.ts'
import { segmentBytes } from '../src/base/segment.ts'
import { canSleepOnMemory, mapSharedMemory, openSharedMemory } from '../src/base/system.ts'
import { LocalRank, type RankPlace } from './localrank.ts'
import { type AgentJob, type FromAgent, readLines, type ToAgent, writeLine } from './protocol.ts'
import { endMarked, removeFolder } from './reap.ts'
import { Watch } from './watch.ts'

/**
 * The agent: one per host, in a session of its own, between the launcher and that host's ranks. It starts
 * them, carries their messages and output, and sees to it that none outlives the job: also when the launcher
 * is killed, which it notices because its stdin ends.
 */

const say = (message: FromAgent): void => writeLine(process.stdout, message)

class Agent {
  readonly #folder: string = mkdtempSync(join(tmpdir(), 'pporun-'))
  #job: AgentJob | null = null
  #ranks: LocalRank[] = []
  #watch: Watch | null = null
  #ending = false

  greet(): void {
    say({ type: 'ready', pid: process.pid, host: hostname(), folder: this.#folder })
  }

  obey(order: ToAgent): void {
    if (order.type === 'start') this.#start(order.job)
    else if (order.type === 'order') this.#rank(order.rank)?.tell(order.order)
    else if (order.type === 'census') say({ type: 'census', ranks: this.#watch?.census() ?? [] })
    else if (order.type === 'abort') this.#abort(order.reason)
    else if (order.type === 'stop') this.stop()
    else this.#kill()
  }

  /** TERM to every rank's process group, then KILL. */
  stop(): void {
    this.#ending = true
    for (const rank of this.#ranks) rank.signal('SIGTERM')
    // A stopped process gets its TERM only when it is continued.
    for (const rank of this.#ranks) rank.signal('SIGCONT')
    setTimeout(() => this.#kill(), (this.#job?.grace ?? 0) * 1000)
    this.#leaveIfDone()
  }

  #start(job: AgentJob): void {
    this.#job = job
    const script = join(this.#folder, 'script.mjs')
    writeFileSync(script, job.bundle, { mode: 0o600 })
    const bytes = progressBytes(job.ranks.length)
    const progressFd = openSharedMemory(bytes)
    const page = mapSharedMemory(progressFd, bytes)
    const place = { script, folder: this.#folder, progressFd, memoryFd: openMemory(job) }
    this.#ranks = job.ranks.map((rank, local) => this.#startRank(job, rank, local, place))
    this.#watch = new Watch(this.#ranks, page, text => say({ type: 'warning', text }))
  }

  #startRank(job: AgentJob, rank: number, local: number, place: RankPlace): LocalRank {
    return new LocalRank(job, local, place, {
      line: (stream, text) => say({ type: 'line', rank, stream, text }),
      message: (message: RankMessage) => say({ type: 'message', rank, message }),
      started: pid => say({ type: 'started', rank, pid }),
      exit: (pid, code, signal) => {
        say({ type: 'exit', rank, pid, code, signal })
        this.#leaveIfDone()
      },
    })
  }

  #rank(rank: number): LocalRank | undefined {
    return this.#ranks.find(local => local.rank === rank)
  }

  #abort(reason: string): void {
    this.#ending = true
    for (const rank of this.#ranks) rank.tell({ type: 'abort', reason })
    setTimeout(() => this.#kill(), Limit.abort * 1000)
    this.#leaveIfDone()
  }

  #kill(): void {
    this.#ending = true
    for (const rank of this.#ranks) rank.signal('SIGKILL')
    this.#leaveIfDone()
  }

  /** The last one out sweeps: grandchildren that their ranks have left behind. */
  #leaveIfDone(): void {
    if (this.#ranks.some(rank => rank.running)) return
    if (this.#ranks.length === 0 && !this.#ending) return
    this.#watch?.stop()
    for (const rank of this.#ranks) rank.signal('SIGKILL')
    if (this.#job) endMarked(this.#job.jobId)
    removeFolder(this.#folder)
    process.stdout.end(() => process.exit(0))
  }
}

/** The memory in which all ranks of the job add up, if they are all here and can. */
function openMemory({ transport, np, ranks }: AgentJob): number | null {
  const together = np > 1 && ranks.length === np && transport !== 'zmq'
  return together && canSleepOnMemory() ? openSharedMemory(segmentBytes(np)) : null
}

const agent = new Agent()
// A launcher that is gone reads nothing: what is left to do here must not fail of that.
process.stdout.on('error', () => {})
process.on('SIGTERM', () => agent.stop())
process.on('SIGINT', () => agent.stop())
process.on('SIGHUP', () => {})
process.on('uncaughtException', error => {
  say({ type: 'broken', reason: error.stack ?? String(error) })
  agent.obey({ type: 'kill' })
})
process.stdin.on('end', () => agent.stop())
readLines<ToAgent>(process.stdin, order => agent.obey(order))
agent.greet()
