/**
 * What an agent asks of all its ranks, in the first line of their page of progress, where a rank sees it that is too
 * busy to hear a signal.
 *
 *   int32:   0 whether to go on
 *   float64 at byte 8: when the job must have ended, ms since 1970 by this host's clock (0: at no time)
 */
const Word = { goOn: 0, stop: 1, leave: 2 } as const

export class StopWord {
  readonly #word: Int32Array
  readonly #deadline: Float64Array

  /** @param memory of the page of progress. */
  constructor(memory: ArrayBufferLike) {
    this.#word = new Int32Array(memory, 0, 1)
    this.#deadline = new Float64Array(memory, 8, 1)
  }

  /** Asks all ranks to end together, after an update and with a checkpoint. */
  stop(): void {
    Atomics.store(this.#word, 0, Word.stop)
  }

  /** Tells them to end by themselves, at once: nobody is there who could end them together. */
  leave(): void {
    Atomics.store(this.#word, 0, Word.leave)
  }

  get isSet(): boolean {
    return Atomics.load(this.#word, 0) !== Word.goOn
  }

  get saysLeave(): boolean {
    return Atomics.load(this.#word, 0) === Word.leave
  }

  /** Before the ranks start. @param at ms since 1970. */
  setDeadline(at: number): void {
    this.#deadline[0] = at
  }

  /** ms since 1970; null: none. */
  get deadline(): number | null {
    return this.#deadline[0] || null
  }
}
