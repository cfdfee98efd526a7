import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { progressBytes } from '../src/base/progress.ts'
import { segmentBytes } from '../src/base/segment.ts'
import { StopWord } from '../src/base/stopword.ts'
import { canSleepOnMemory, mapSharedMemory, openSharedMemory } from '../src/base/system.ts'
import { LocalRank, type RankEvents, type RankPlace } from './localrank.ts'
import type { AgentJob, FromAgent } from './protocol.ts'
import { Watch } from './watch.ts'

/** All ranks of one agent, and what they share: the script, the page of their progress, the memory that they sum in. */
export class LocalRanks {
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
    { mark, folder, gpus }: Pick<RankPlace, 'mark' | 'folder' | 'gpus'>,
    events: (rank: number) => RankEvents,
    say: (message: FromAgent) => void,
  ) {
    const script = join(folder, 'script.mjs')
    writeFileSync(script, bundle, { mode: 0o600 })
    const bytes = progressBytes(job.localSize)
    const progressFd = openSharedMemory(bytes)
    const page = mapSharedMemory(progressFd, bytes)
    this.stopWord = new StopWord(page)
    const place = { mark, folder, gpus, script, progressFd, memoryFd: openMemory(job) }
    this.#ranks = job.ranks.map((rank, index) => new LocalRank(job, index, place, events(rank)))
    this.#watch = new Watch(this.#ranks, page, say)
  }

  get watch(): Watch {
    return this.#watch
  }

  find(rank: number): LocalRank | undefined {
    return this.#ranks.find(local => local.rank === rank)
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

/** The memory in which the ranks of this host add up, if they are several and can. */
function openMemory({ transport, ranks }: AgentJob): number | null {
  const wanted = ranks.length > 1 && transport !== 'zmq'
  return wanted && canSleepOnMemory() ? openSharedMemory(segmentBytes(ranks.length)) : null
}
