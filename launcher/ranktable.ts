import type { RankMessage } from '../src/base/control.ts'

/** What a rank said of the error that ended it. */
export type Failure = Extract<RankMessage, { type: 'failed' }>

interface RankEntry {
  pid: number
  greeted: boolean
  /** Newest communicator that it has asked for, and the newest that it has closed; they count from 1. */
  connected: number
  closed: number
  failure: Failure | null
  ended: boolean
}

/** What the launcher knows of each rank of its job. */
export class RankTable {
  readonly #ranks: RankEntry[]

  constructor(size: number) {
    this.#ranks = Array.from({ length: size }, () => ({
      pid: 0,
      greeted: false,
      connected: 0,
      closed: 0,
      failure: null,
      ended: false,
    }))
  }

  get size(): number {
    return this.#ranks.length
  }

  started(rank: number, pid: number): void {
    this.#ranks[rank].pid = pid
  }

  greeted(rank: number): void {
    this.#ranks[rank].greeted = true
  }

  connected(rank: number, generation: number): void {
    this.#ranks[rank].connected = generation
  }

  /** True if it was the last to close this communicator. */
  closed(rank: number, generation: number): boolean {
    this.#ranks[rank].closed = generation
    return this.#ranks.every(({ closed }) => closed >= generation)
  }

  failed(rank: number, failure: Failure): void {
    this.#ranks[rank].failure = failure
  }

  ended(rank: number): void {
    this.#ranks[rank].ended = true
  }

  pid(rank: number): number {
    return this.#ranks[rank].pid
  }

  failure(rank: number): Failure | null {
    return this.#ranks[rank].failure
  }

  hasEnded(rank: number): boolean {
    return this.#ranks[rank].ended
  }

  /** Holds a communicator that it has not closed: the others may still need it. */
  isConnected(rank: number): boolean {
    return this.#ranks[rank].connected > this.#ranks[rank].closed
  }

  /** A rank that has not come as far as its preload. */
  silent(): number | undefined {
    const rank = this.#ranks.findIndex(({ greeted, ended }) => !greeted && !ended)
    return rank < 0 ? undefined : rank
  }

  allEnded(): boolean {
    return this.#ranks.every(({ ended }) => ended)
  }

  /** Leaders of these ranks' process groups. */
  pids(ranks: readonly number[]): number[] {
    return ranks.map(rank => this.#ranks[rank].pid).filter(pid => pid > 0)
  }
}
