import { availableParallelism } from 'node:os'
import { setImmediate as eventLoopTurn } from 'node:timers/promises'
import { LINE } from '../base/segment.ts'
import { type Sleeper, sleeperOn } from '../base/system.ts'
import { checkSameCall, type Header } from './frame.ts'
import { PeerTimeoutError } from './transport.ts'

/** Looks at the generation before a rank sleeps: long where each has a core, short where they must take turns. */
const PATIENT_LOOKS = 4000
const HASTY_LOOKS = 50
/** Milliseconds asleep at a time; the event loop gets a turn in between, so that an abort is heard. */
const NAP = 1
/** Milliseconds without a turn of the event loop. */
const BREATH = 10

const HEADER_WORDS = LINE / 4
/** Of a header: how many bytes the rank's array has. The words before it are the call. */
const BYTES_WORD = 9

/**
 * How the ranks of one host meet in memory: the last to arrive begins a new generation, the others wait for it,
 * looking first and then asleep on a futex. Each rank's header says which call it is in, as a frame's does.
 */
export class Meeting {
  readonly #rank: number
  readonly #size: number
  readonly #counter: Int32Array
  readonly #generation: Int32Array
  readonly #sleepers: Int32Array
  readonly #headers: Int32Array[]
  readonly #sleeper: Sleeper
  readonly #looks: number
  #failure: Error | null = null
  #lastTurn: number = performance.now()

  constructor(memory: ArrayBuffer, rank: number, size: number) {
    const line = (i: number, words: number) => new Int32Array(memory, i * LINE, words)
    this.#rank = rank
    this.#size = size
    this.#counter = line(0, 1)
    this.#generation = line(1, 1)
    this.#sleepers = line(2, 1)
    this.#headers = Array.from({ length: size }, (_, other) => line(3 + other, HEADER_WORDS))
    this.#sleeper = sleeperOn(this.#generation)
    this.#looks = size > availableParallelism() ? HASTY_LOOKS : PATIENT_LOOKS
  }

  /** Says which call this is and how many bytes its array has, and meets. Throws MismatchError unless all are in the same. */
  async enter(call: Header, bytes: number, seconds: number): Promise<void> {
    await this.#breathe()
    const { source, epoch, group, sequence, step, op, dtype, length, layoutHash } = call
    const words = [source, epoch, group, sequence, step, op, dtype, length, layoutHash, bytes]
    this.#headers[this.#rank].set(words)
    await this.leave(call, seconds)
    for (let rank = 0; rank < this.#size; rank++) checkSameCall(call, this.#header(rank))
  }

  /** Meets again: nobody reads any more what was there to be read. */
  async leave(call: Header, seconds: number): Promise<void> {
    const generation = Atomics.load(this.#generation, 0)
    if (Atomics.add(this.#counter, 0, 1) === this.#size - 1) {
      Atomics.store(this.#counter, 0, 0)
      Atomics.add(this.#generation, 0, 1)
      if (Atomics.load(this.#sleepers, 0) > 0) this.#sleeper.wakeAll()
      return
    }
    for (let look = 0; look < this.#looks; look++)
      if (Atomics.load(this.#generation, 0) !== generation) return
    await this.#sleepUntilAfter(generation, call, seconds)
  }

  /** Bytes of a rank's array, once all have entered. */
  bytes(rank: number): number {
    return this.#headers[rank][BYTES_WORD]
  }

  /** Ends the wait under way and all later ones with this error. */
  fail(error: Error): void {
    this.#failure ??= error
  }

  /** Meetings that nobody is late for never come to the event loop: timers and signals get their turn here. */
  async #breathe(): Promise<void> {
    if (this.#failure) throw this.#failure
    if (performance.now() - this.#lastTurn < BREATH) return
    await eventLoopTurn()
    this.#lastTurn = performance.now()
  }

  async #sleepUntilAfter(generation: number, call: Header, seconds: number): Promise<void> {
    let waited = 0
    while (Atomics.load(this.#generation, 0) === generation) {
      const start = performance.now()
      Atomics.add(this.#sleepers, 0, 1)
      this.#sleeper.wait(generation, NAP)
      Atomics.sub(this.#sleepers, 0, 1)
      await eventLoopTurn()
      if (this.#failure) throw this.#failure
      // A process that was suspended meanwhile has not waited for anybody.
      waited += Math.min(performance.now() - start, 200)
      if (waited > seconds * 1000) throw new PeerTimeoutError(this.#late(call), waited / 1000)
    }
  }

  /** A rank that has not come as far as this call; the next one if all have. */
  #late(call: Header): number {
    for (let rank = 0; rank < this.#size; rank++) {
      const { epoch, sequence, step } = this.#header(rank)
      const behind = epoch - call.epoch || sequence - call.sequence || step - call.step
      if (behind < 0) return rank
    }
    return (this.#rank + 1) % this.#size
  }

  #header(rank: number): Header {
    const [source, epoch, group, sequence, step, op, dtype, length, layoutHash] = this.#headers[rank]
    return { source, epoch, group, sequence, step, op, dtype, length, layoutHash: layoutHash >>> 0 }
  }
}
