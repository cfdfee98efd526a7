const TICK = 250 // ms

/**
 * Notices when nothing has been heard for too long: a cut cable and a machine without power send no end of file.
 * Only time in which this process itself ran counts: after a suspended machine wakes up nobody is late.
 */
export class Silence {
  readonly #timer: NodeJS.Timeout
  #counted = 0
  #last: number = performance.now()

  /** @param seconds after which `silent` is called, once, with how long it has been. */
  constructor(seconds: number, silent: (seconds: number) => void) {
    this.#timer = setInterval(() => {
      const now = performance.now()
      this.#counted += Math.min(now - this.#last, 2 * TICK) / 1000
      this.#last = now
      if (this.#counted < seconds) return
      this.stop()
      silent(this.#counted)
    }, TICK)
    this.#timer.unref()
  }

  heard(): void {
    this.#counted = 0
  }

  /** The other side is about to be suspended: nothing counts until heard(). */
  hold(): void {
    this.#counted = -Infinity
  }

  /** Seconds since something was heard. */
  get seconds(): number {
    return this.#counted
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}
