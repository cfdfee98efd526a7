import { availableParallelism } from 'node:os'
import { setImmediate as eventLoopTurn } from 'node:timers/promises'
import { LINE, segmentPlaces } from '../base/segment.ts'
import { type Sleeper, sleeperOn, yieldCore } from '../base/system.ts'
import { trace } from '../base/trace.ts'
import type { Exchange } from './exchange.ts'
import { checkSameCall, type Header } from './frame.ts'
import { PeerTimeoutError } from './transport.ts'

/** How a rank waits for another: first it looks, then it gives way, then it sleeps. */
export interface Patience {
  /** Milliseconds of looking at the other's line, LOOKS at a time; 0: so often once. */
  looking: number
  /** Milliseconds of giving the core to whoever wants it. */
  yielding: number
  /** Milliseconds asleep at a time, if at all; the event loop gets a turn in between, so that an abort is heard. */
  nap: number
}

/** Milliseconds after which a rank with a core of its own falls asleep. */
export const LOOKING = 2

/**
 * Where each rank has a core it looks, where they must take turns it gives way: for longer than it takes to be woken,
 * or two ranks that have slept once would find each other asleep for ever. The core of a virtual machine that has nothing to do
 * is the host's, and takes most of a millisecond to come back.
 */
const patienceOf = (ranks: number): Patience =>
  ranks > availableParallelism()
    ? { looking: 0, yielding: 0.5, nap: 1 }
    : { looking: LOOKING, yielding: 0, nap: 1 }

/** Between two looks at the clock, which takes as long as five. */
const LOOKS = 50

/** Milliseconds without a turn of the event loop. */
const BREATH = 10

/**
 * Words of a rank's line: its call as a frame has it, the bytes of its array and where they lie; how often it has arrived;
 * and room for an array of a few bytes.
 */
const BYTES = 9
const PLACE = 10
const ARRIVALS = 11
export const ROOM: number = 4 * 12

/** Where an array lies that is not in shared memory. */
export const ELSEWHERE = -1
/** Places are counted in words: so an Int32 reaches as far as a segment can. */
const PLACE_UNIT = 4

/**
 * How the ranks of one host meet in memory. Each has a line of it, which says what call the rank is in and how often it
 * has arrived; the others read it until it has arrived as often as they have. Arriving costs no atomic
 * read-modify-write, and the news of it comes with the line that has to be read anyway. Meetings take turns at two lines:
 * what a rank writes for the next does not disturb who still reads of the last.
 *
 * Who waits looks for a while, then gives way, then sleeps on a futex. What is done by looking is done at once, without
 * a promise.
 */
export class Meeting {
  readonly #rank: number
  readonly #ranks: readonly number[]
  readonly #lines: readonly [Int32Array[], Int32Array[]] // [turn][rank]
  readonly #sleepers: Int32Array[]
  readonly #futexes: readonly [Sleeper[], Sleeper[]]
  readonly #patience: Patience
  #arrivals = 0
  /** The lines that were last entered by. */
  #entered: Int32Array[]
  #failure: Error | null = null
  #lastTurn: number = performance.now()

  /** @param ranks in the job, by local rank. */
  constructor(memory: ArrayBuffer, rank: number, ranks: readonly number[], patience?: Patience) {
    const places = segmentPlaces(ranks.length)
    this.#rank = rank
    this.#ranks = ranks
    const lines = (turn: number) =>
      ranks.map((_, local) => new Int32Array(memory, places.line(local, turn), LINE / 4))
    const futexes = (lines: Int32Array[]) =>
      lines.map(line => sleeperOn(line.subarray(ARRIVALS, ARRIVALS + 1)))
    this.#lines = [lines(0), lines(1)]
    this.#entered = this.#lines[0]
    this.#sleepers = ranks.map((_, local) => new Int32Array(memory, places.sleepers(local), 1))
    this.#futexes = [futexes(this.#lines[0]), futexes(this.#lines[1])]
    this.#patience = patience ?? patienceOf(ranks.length)
  }

  /** Before anybody meets in memory that was in use before: this rank's part of it is as new. */
  static clear(memory: ArrayBuffer, rank: number, ranks: number): void {
    const places = segmentPlaces(ranks)
    for (const place of [places.line(rank, 0), places.line(rank, 1), places.sleepers(rank)])
      new Int32Array(memory, place, LINE / 4).fill(0)
  }

  /**
   * Says which call this is, how long its array is and where it lies (bytes from the segment's start, or ELSEWHERE),
   * and meets. Throws MismatchError unless all are in the same.
   */
  enter(x: Exchange, step: number, bytes: number, place: number): void | Promise<void> {
    if (this.#failure) throw this.#failure
    if (performance.now() - this.#lastTurn > BREATH)
      return this.#breathe().then(() => this.#enter(x, step, bytes, place))
    return this.#enter(x, step, bytes, place)
  }

  /** Meets again: nobody reads any more what was there to be read. */
  leave(x: Exchange): void | Promise<void> {
    const arrivals = (this.#arrivals + 1) | 0
    this.#arrivals = arrivals
    Atomics.store(this.#lines[arrivals & 1][this.#rank], ARRIVALS, arrivals)
    if (Atomics.load(this.#sleepers[this.#rank], 0) > 0) this.#futexes[arrivals & 1][this.#rank].wakeAll()
    for (let rank = 0; rank < this.#ranks.length; rank++)
      if (!this.#seen(rank, arrivals)) return this.#sleep(rank, arrivals, x)
  }

  /** Which of their lines the next meeting takes. */
  get nextTurn(): number {
    return (this.#arrivals + 1) & 1
  }

  /** Bytes of a rank's array, once all have entered. */
  bytes(rank: number): number {
    return this.#entered[rank][BYTES]
  }

  /** And where it lies. */
  place(rank: number): number {
    const place = this.#entered[rank][PLACE]
    return place === ELSEWHERE ? ELSEWHERE : place * PLACE_UNIT
  }

  /** Ends the wait under way and all later ones with this error. */
  fail(error: Error): void {
    this.#failure ??= error
  }

  #enter(x: Exchange, step: number, bytes: number, place: number): void | Promise<void> {
    this.#entered = this.#lines[this.nextTurn]
    const line = this.#entered[this.#rank]
    const { call } = x
    line[0] = call.source
    line[1] = call.epoch
    line[2] = call.group
    line[3] = call.sequence
    line[4] = step
    line[5] = call.op
    line[6] = call.dtype
    line[7] = call.length
    line[8] = call.layoutHash
    line[BYTES] = bytes
    line[PLACE] = place === ELSEWHERE ? ELSEWHERE : place / PLACE_UNIT
    const met = this.leave(x)
    if (met) return met.then(() => this.#check())
    this.#check()
  }

  /** Words 1 to 8 are the call; its source differs. */
  #check(): void {
    const mine = this.#entered[this.#rank]
    for (const line of this.#entered)
      for (let word = 1; word < BYTES; word++)
        if (line[word] !== mine[word]) checkSameCall(headerOf(mine), headerOf(line))
  }

  #arrived(rank: number, arrivals: number): boolean {
    return ((Atomics.load(this.#lines[arrivals & 1][rank], ARRIVALS) - arrivals) | 0) >= 0 // the count may wrap
  }

  #seen(rank: number, arrivals: number): boolean {
    const { looking, yielding } = this.#patience
    let until = 0
    do {
      for (let look = 0; look < LOOKS; look++) if (this.#arrived(rank, arrivals)) return true
      until ||= performance.now() + looking
    } while (performance.now() < until)
    for (const end = performance.now() + yielding; performance.now() < end; ) {
      yieldCore()
      if (this.#arrived(rank, arrivals)) return true
    }
    return false
  }

  /** Meetings that nobody is late for never come to the event loop: timers and signals get their turn here. */
  async #breathe(): Promise<void> {
    await eventLoopTurn()
    this.#lastTurn = performance.now()
    if (this.#failure) throw this.#failure
  }

  /** Until all have arrived, from `first` on. */
  async #sleep(first: number, arrivals: number, x: Exchange): Promise<void> {
    let waited = 0
    const since = performance.now()
    for (let rank = first; rank < this.#ranks.length; rank++) {
      x.waitsFor(this.#ranks[rank], null)
      while (!this.#arrived(rank, arrivals)) {
        const start = performance.now()
        Atomics.add(this.#sleepers[rank], 0, 1)
        const now = Atomics.load(this.#lines[arrivals & 1][rank], ARRIVALS)
        const { nap } = this.#patience
        if (((now - arrivals) | 0) < 0 && nap > 0) this.#futexes[arrivals & 1][rank].wait(now, nap)
        Atomics.sub(this.#sleepers[rank], 0, 1)
        await this.#breathe()
        // A process that was suspended meanwhile has not waited for anybody.
        waited += Math.min(performance.now() - start, 200)
        if (waited > x.seconds * 1000) throw new PeerTimeoutError(this.#ranks[rank], waited / 1000)
      }
    }
    trace.record?.('wait', 'in shared memory', since)
  }
}

function headerOf(line: Int32Array): Header {
  const [source, epoch, group, sequence, step, op, dtype, length, layoutHash] = line
  return { source, epoch, group, sequence, step, op, dtype, length, layoutHash: layoutHash >>> 0 }
}
