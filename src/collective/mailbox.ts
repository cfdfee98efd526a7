import { PporunError } from '../base/errors.ts'
import { channelOf, type Frame, objectionIn } from './frame.ts'
import { type Clock, PeerTimeoutError } from './transport.ts'

const TICK = 100 // ms

interface Waiter {
  from: number
  slot: number
  limit: number
  /** Milliseconds, and up to which moment they are counted. */
  waited: number
  counted: number
  resolve: (frame: Frame) => void
  reject: (error: Error) => void
}

/**
 * Frames that have arrived, in order per peer and channel, and who waits for the next. Shared by the transports.
 *
 * A wait counts ticks, each at most two tick lengths long: a process that was suspended, or busy in
 * synchronous code, has not waited for anybody meanwhile.
 */
export class Mailbox {
  readonly #queues = new Map<number, Frame[]>()
  readonly #waiters = new Map<number, Waiter>()
  readonly #clock: Clock
  /** Keeps the process alive while somebody waits, and no longer. */
  readonly #hold: NodeJS.Timeout = setInterval(() => {}, 2 ** 30).unref()
  /** By channel: its ranks are in different calls. */
  readonly #objections = new Map<number, Error>()
  #ticking = false
  #failure: Error | null = null

  constructor(clock: Clock) {
    this.#clock = clock
  }

  deliver(from: number, frame: Frame): void {
    const channel = channelOf(frame.header)
    const error = objectionIn(frame)
    if (error) {
      this.#object(channel, error)
      return
    }
    const slot = slotOf(from, channel)
    const waiter = this.#waiters.get(slot)
    if (waiter) {
      this.#remove(waiter)
      waiter.resolve(frame)
      return
    }
    const queue = this.#queues.get(slot)
    if (queue) queue.push(frame)
    else this.#queues.set(slot, [frame])
  }

  take(from: number, channel: number, seconds: number): Promise<Frame> {
    const failure = this.#failure ?? this.#objections.get(channel)
    if (failure) return Promise.reject(failure)
    const slot = slotOf(from, channel)
    const frame = this.#next(slot)
    if (frame) return Promise.resolve(frame)
    return new Promise((resolve, reject) => {
      const limit = seconds * 1000
      this.#waiters.set(slot, { from, slot, limit, waited: 0, counted: this.#clock.now(), resolve, reject })
      this.#hold.ref()
      void this.#tick()
    })
  }

  /** Whether anybody waits. */
  get waiting(): boolean {
    return this.#waiters.size > 0
  }

  /** Rejects all waits, now and later. The first failure stays. */
  fail(error: Error): void {
    this.#failure ??= error
    for (const waiter of this.#waiters.values()) {
      this.#remove(waiter)
      waiter.reject(this.#failure)
    }
  }

  close(): void {
    clearInterval(this.#hold)
    this.fail(new PporunError('the communicator is closed'))
  }

  #object(channel: number, error: Error): void {
    this.#objections.set(channel, error)
    for (const waiter of this.#waiters.values()) {
      if (channelIn(waiter.slot) !== channel) continue
      this.#remove(waiter)
      waiter.reject(error)
    }
  }

  #next(slot: number): Frame | undefined {
    const queue = this.#queues.get(slot)
    const frame = queue?.shift()
    // Groups come and go: what is empty must not stay.
    if (queue?.length === 0) this.#queues.delete(slot)
    return frame
  }

  async #tick(): Promise<void> {
    if (this.#ticking) return
    this.#ticking = true
    while (this.waiting) {
      await this.#clock.sleep(TICK)
      const now = this.#clock.now()
      for (const waiter of this.#waiters.values()) this.#count(waiter, now)
    }
    this.#ticking = false
  }

  #count(waiter: Waiter, now: number): void {
    waiter.waited += Math.min(now - waiter.counted, 2 * TICK)
    waiter.counted = now
    if (waiter.waited < waiter.limit) return
    this.#remove(waiter)
    waiter.reject(new PeerTimeoutError(waiter.from, waiter.waited / 1000))
  }

  #remove(waiter: Waiter): void {
    this.#waiters.delete(waiter.slot)
    if (!this.waiting) this.#hold.unref()
  }
}

const MOST_RANKS = 2 ** 20

/** One number for a peer and a channel: channels are fewer than 2^33. */
const slotOf = (from: number, channel: number): number => channel * MOST_RANKS + from
const channelIn = (slot: number): number => Math.floor(slot / MOST_RANKS)
