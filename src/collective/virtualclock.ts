import { setImmediate as turn } from 'node:timers/promises'
import type { Clock } from './transport.ts'

interface Sleeper {
  until: number
  /** Counts the sleepers: those that wake at the same time do so in the order in which they went to sleep. */
  order: number
  wake: () => void
}

/**
 * Time that passes only when nobody can go on: the communicator's own code, its deadlines included, runs over a
 * network that is not there (inproc.ts), as fast as it computes. Computing takes no time; whoever wants it to
 * sleeps.
 */
export class VirtualClock implements Clock {
  #now = 0
  #slept = 0
  /** A binary heap: whoever wakes first is at the root, the children of k at 2k+1 and 2k+2. */
  readonly #sleepers: Sleeper[] = []

  now(): number {
    return this.#now
  }

  sleep(milliseconds: number): Promise<void> {
    const until = this.#now + Math.max(0, milliseconds)
    return new Promise(wake => this.#push({ until, order: this.#slept++, wake }))
  }

  /** Lets time pass until `work` is done. Throws if nobody sleeps and it is not: it would never be. */
  async run<T>(work: Promise<T>): Promise<T> {
    let settled = false
    const done = work.finally(() => {
      settled = true
    })
    done.catch(() => {})
    for (;;) {
      // What can go on without time passing does so: promises first, then the event loop, then who waited for its turn.
      await turn()
      await turn()
      if (settled) return done
      if (this.#sleepers.length === 0)
        throw new Error(`nothing can happen any more at ${this.#now} ms, and the work is not done`)
      this.#now = this.#sleepers[0].until
      while (this.#sleepers[0]?.until === this.#now) this.#pop().wake()
    }
  }

  #push(sleeper: Sleeper): void {
    const heap = this.#sleepers
    let at = heap.length
    for (let parent = (at - 1) >> 1; at > 0 && before(sleeper, heap[parent]); parent = (at - 1) >> 1) {
      heap[at] = heap[parent]
      at = parent
    }
    heap[at] = sleeper
  }

  #pop(): Sleeper {
    const heap = this.#sleepers
    const first = heap[0]
    const last = heap.pop()!
    if (heap.length === 0) return first
    let at = 0
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && before(heap[child + 1], heap[child])) child++
      if (!before(heap[child], last)) break
      heap[at] = heap[child]
      at = child
    }
    heap[at] = last
    return first
  }
}

const before = (a: Sleeper, b: Sleeper): boolean =>
  a.until < b.until || (a.until === b.until && a.order < b.order)
