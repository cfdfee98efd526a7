import type { Frame } from './frame.ts'
import { PeerTimeoutError } from './transport.ts'

const TICK = 100 // ms

interface Waiter {
  from: number
  limit: number
  waited: number
  resolve: (frame: Frame) => void
  reject: (error: Error) => void
}

/**
 * Frames that have arrived, in order per peer, and who waits for the next. Shared by the transports.
 *
 * A wait counts ticks, each at most two tick lengths long: a process that was suspended, or busy in
 * synchronous code, has not waited for anybody meanwhile.
 */
export class Mailbox {
  readonly #queues = new Map<number, Frame[]>()
  readonly #waiters = new Map<number, Waiter>()
  readonly #timer: NodeJS.Timeout
  #lastTick: number = performance.now()
  #failure: Error | null = null

  constructor() {
    this.#timer = setInterval(() => this.#tick(), TICK)
    this.#timer.unref()
  }

  deliver(from: number, frame: Frame): void {
    const waiter = this.#waiters.get(from)
    if (waiter) {
      this.#waiters.delete(from)
      waiter.resolve(frame)
      return
    }
    const queue = this.#queues.get(from)
    if (queue) queue.push(frame)
    else this.#queues.set(from, [frame])
  }

  take(from: number, seconds: number): Promise<Frame> {
    if (this.#failure) return Promise.reject(this.#failure)
    const frame = this.#queues.get(from)?.shift()
    if (frame) return Promise.resolve(frame)
    return new Promise((resolve, reject) => {
      this.#waiters.set(from, { from, limit: seconds * 1000, waited: 0, resolve, reject })
    })
  }

  /** Rejects all waits, now and later. The first failure stays. */
  fail(error: Error): void {
    this.#failure ??= error
    for (const waiter of this.#waiters.values()) waiter.reject(this.#failure)
    this.#waiters.clear()
  }

  close(): void {
    clearInterval(this.#timer)
    this.fail(new Error('the communicator is closed'))
  }

  #tick(): void {
    const now = performance.now()
    const ran = Math.min(now - this.#lastTick, 2 * TICK)
    this.#lastTick = now
    for (const waiter of this.#waiters.values()) {
      waiter.waited += ran
      if (waiter.waited < waiter.limit) continue
      this.#waiters.delete(waiter.from)
      waiter.reject(new PeerTimeoutError(waiter.from, waiter.waited / 1000))
    }
  }
}
