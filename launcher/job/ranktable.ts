import type { RankMessage } from '../../src/base/control.ts'

/** What a rank said of the error that ended it. */
export type Failure = Extract<RankMessage, { type: 'failed' }>

interface RankEntry {
  pid: number
  greeted: boolean
  /** Communicators that it has asked for and not closed, by their generations, and those that it has closed. */
  open: Set<number>
  closed: Set<number>
  failure: Failure | null
  ended: boolean
  /** One of those that train together; false: lost, or the replacement of one that has not joined them yet. */
  takesPart: boolean
}

const fresh = (takesPart: boolean): RankEntry => ({
  pid: 0,
  greeted: false,
  open: new Set(),
  closed: new Set(),
  failure: null,
  ended: false,
  takesPart,
})

/** What the launcher knows of each rank of its job. */
export class RankTable {
  readonly #ranks: RankEntry[]

  constructor(size: number) {
    this.#ranks = Array.from({ length: size }, () => fresh(true))
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
    this.#ranks[rank].open.add(generation)
  }

  /** True if it was the last to close this communicator. */
  closed(rank: number, generation: number): boolean {
    const { open, closed } = this.#ranks[rank]
    open.delete(generation)
    closed.add(generation)
    return this.members().every(member => this.#ranks[member].closed.has(generation))
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
    return this.#ranks[rank].open.size > 0
  }

  /** A rank that has not come as far as its preload. */
  silent(): number | undefined {
    return this.members().find(rank => !this.#ranks[rank].greeted && !this.#ranks[rank].ended)
  }

  membersEnded(): boolean {
    return this.#ranks.every(({ ended, takesPart }) => ended || !takesPart)
  }

  /** Those that train together. */
  members(): number[] {
    return this.#ranks.flatMap(({ takesPart }, rank) => (takesPart ? [rank] : []))
  }

  /** Others take part from now on: nobody needs the communicators that were. */
  regroup(): void {
    for (const { open } of this.#ranks) open.clear()
  }

  takesPart(rank: number): boolean {
    return this.#ranks[rank].takesPart
  }

  leaves(rank: number): void {
    this.#ranks[rank].takesPart = false
  }

  joins(rank: number): void {
    this.#ranks[rank].takesPart = true
  }

  /** Another process takes a lost one's place; it takes no part yet. */
  replaced(rank: number): void {
    this.#ranks[rank] = fresh(false)
  }

  /** Leaders of these ranks' process groups. */
  pids(ranks: readonly number[]): number[] {
    return ranks.map(rank => this.#ranks[rank].pid).filter(pid => pid > 0)
  }
}
