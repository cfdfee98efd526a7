import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { progressBytes } from '../../src/base/progress.ts'
import { secondHalf, segmentBytes } from '../../src/base/segment.ts'
import { StopWord } from '../../src/base/stopword.ts'
import { canSleepOnMemory, mapSharedMemory, openSharedMemory } from '../../src/base/system.ts'
import type { AgentJob, FromAgent } from '../protocol.ts'
import { LocalRank, type RankEvents, type RankPlace } from './localrank.ts'
import { Watch } from './watch.ts'

/** All ranks of one agent, and what they share: the script, the page of their progress, the memory that they sum in. */
export class LocalRanks {
  readonly #start: (index: number, joins: boolean) => LocalRank
  readonly #ranks: LocalRank[]
  readonly #watch: Watch
  /** What is asked of all of them. */
  readonly stopWord: StopWord

  /**
   * Starts them.
   * @param bundle the script.
   * @param folder private, for the script and the ranks' sockets.
   */
  constructor(
    job: AgentJob,
    bundle: string,
    { folder, gpus }: Pick<RankPlace, 'folder' | 'gpus'>,
    events: (rank: number) => RankEvents,
    say: (message: FromAgent) => void,
  ) {
    const script = join(folder, 'script.mjs')
    writeFileSync(script, bundle, { mode: 0o600 })
    const bytes = progressBytes(job.localSize)
    const progressFd = openSharedMemory(bytes)
    const page = mapSharedMemory(progressFd, bytes)
    this.stopWord = new StopWord(page)
    const place = { folder, gpus, script, progressFd, memoryFd: openMemory(job) }
    this.#start = (index, joins) =>
      new LocalRank(joins ? { ...job, joins, faults: [] } : job, index, place, events(job.ranks[index]))
    this.#ranks = job.ranks.map((_, index) => this.#start(index, job.joins))
    this.#watch = new Watch(this.#ranks, page, say)
  }

  get watch(): Watch {
    return this.#watch
  }

  find(rank: number): LocalRank | undefined {
    return this.#ranks.find(local => local.rank === rank)
  }

  /** Starts another process in the place of a rank that has ended. */
  replace(rank: number): void {
    const index = this.#ranks.findIndex(local => local.rank === rank)
    if (index >= 0 && !this.#ranks[index].running) this.#ranks[index] = this.#start(index, true)
  }

  /** To every rank's process group. */
  signal(signal: NodeJS.Signals): void {
    for (const rank of this.#ranks) rank.signal(signal)
  }

  abort(reason: string): void {
    for (const rank of this.#ranks) rank.tell({ type: 'abort', reason })
  }

  holdOutput(hold: boolean): void {
    for (const rank of this.#ranks) rank.holdOutput(hold)
  }

  /** All have ended, and what they have printed has been read. */
  get areDone(): boolean {
    return this.#ranks.every(rank => !rank.running && rank.drained)
  }
}

/** The memory in which the ranks of this host add up, if they are several and can; twice, where they may change. */
function openMemory({ transport, ranks: { length }, elastic }: AgentJob): number | null {
  if (length < 2 || transport === 'zmq' || !canSleepOnMemory()) return null
  return openSharedMemory((elastic ? secondHalf(length) : 0) + segmentBytes(length))
}
