import type { Clock } from './transport.ts'

interface Sleeper {
  until: number
  wake: () => void
}

/**
 * Time that passes only when nobody can go on: the communicator's own code, its deadlines included, runs over a
 * network that is not there (inproc.ts), as fast as it computes. Computing takes no time; whoever wants it to
 * sleeps.
 */
export class VirtualClock implements Clock {
  #now = 0
  readonly #sleepers: Sleeper[] = []

  now(): number {
    return this.#now
  }

  sleep(milliseconds: number): Promise<void> {
    const until = this.#now + Math.max(0, milliseconds)
    return new Promise(wake => {
      // Behind those that wake at the same time: messages stay in order.
      const at = this.#sleepers.findLastIndex(sleeper => sleeper.until <= until) + 1
      this.#sleepers.splice(at, 0, { until, wake })
    })
  }

  /** Lets time pass until `work` is done. Throws if nobody sleeps and it is not: it would never be. */
  async run<T>(work: Promise<T>): Promise<T> {
    let settled = false
    const done = work.finally(() => {
      settled = true
    })
    done.catch(() => {})
    for (;;) {
      // What can go on without time passing does so: promises first, then the event loop.
      await new Promise(resolve => setImmediate(resolve))
      if (settled) return done
      const next = this.#sleepers.shift()
      if (!next) throw new Error(`nothing can happen any more at ${this.#now} ms, and the work is not done`)
      this.#now = next.until
      next.wake()
    }
  }
}
