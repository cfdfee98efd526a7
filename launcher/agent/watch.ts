import { Limit } from '../../src/base/contract.ts'
import { processStat } from '../../src/base/proc.ts'
import { readProgress, readTimes } from '../../src/base/progress.ts'
import type { FromAgent, RankState } from '../protocol.ts'
import { collectOrphans } from '../reap.ts'
import type { LocalRank } from './localrank.ts'

const PERIOD = 1000 // ms

/** Looks at the ranks of this host from outside, once a second, and tells of those that are stopped or wait for long. */
export class Watch {
  readonly #ranks: LocalRank[]
  readonly #page: ArrayBuffer
  readonly #say: (message: FromAgent) => void
  readonly #stoppedSince = new Map<number, number>()
  readonly #told = new Set<string>()
  readonly #timer: NodeJS.Timeout

  constructor(ranks: LocalRank[], page: ArrayBuffer, say: (message: FromAgent) => void) {
    this.#ranks = ranks
    this.#page = page
    this.#say = say
    this.#timer = setInterval(() => this.#look(), PERIOD)
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#sayTimes()
  }

  /** The state of every rank that runs. */
  census(): RankState[] {
    return this.#ranks
      .filter(({ running }) => running)
      .map(({ rank, local, pid }) => {
        const state = processStat(pid)?.state ?? null
        return { rank, pid, state, progress: readProgress(this.#page, local) }
      })
  }

  #look(): void {
    collectOrphans(new Set(this.#ranks.map(({ pid }) => pid)))
    this.#sayTimes()
    const states = this.census()
    for (const { rank, pid, state } of states) {
      if (state !== 'T') this.#stoppedSince.delete(rank)
      else if (!this.#stoppedSince.has(rank)) this.#stoppedSince.set(rank, Date.now())
      else if (Date.now() - this.#stoppedSince.get(rank)! > (Limit.stopped - 1) * 1000)
        this.#once(`stopped ${rank}`, {
          type: 'warning',
          text: `rank ${rank} (pid ${pid}) is stopped (state T)`,
        })
    }
    const slow = states.find(({ progress }) => progress.waiting && progress.age > Limit.slowOperation)
    if (slow) this.#once(`slow ${slow.progress.epoch} ${slow.progress.sequence}`, { type: 'slow' })
  }

  #sayTimes(): void {
    const ranks = this.#ranks.map(({ rank, local }) => ({ rank, ...readTimes(this.#page, local) }))
    this.#say({ type: 'times', ranks })
  }

  #once(key: string, message: FromAgent): void {
    if (this.#told.has(key)) return
    this.#told.add(key)
    this.#say(message)
  }
}
