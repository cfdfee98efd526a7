import { decodeHeader, encodeHeader, type Frame } from './frame.ts'
import { Mailbox } from './mailbox.ts'
import { type Clock, systemClock, type Transport } from './transport.ts'

/** Milliseconds that a message of so many bytes takes from one rank to another. */
export type Delay = (bytes: number, from: number, to: number) => number

/** A network that is not there: a clock, and how long its links take. */
export interface Simulation {
  clock: Clock
  delay: Delay
}

/**
 * Ranks inside one process: the slow, right twin of the socket transports, for tests, for jobs of one, and for
 * simulations. Frames are encoded and copied as on a wire, so that what would break there breaks here.
 */
class InprocTransport implements Transport {
  readonly name = 'inproc'
  readonly rank: number
  readonly size: number
  readonly clock: Clock
  readonly #mailboxes: Mailbox[]
  readonly #delay: Delay | null
  /** By peer: when the newest message to it arrives. A link carries one after the other. */
  readonly #arrivals: number[]

  constructor(rank: number, mailboxes: Mailbox[], simulation: Simulation | null) {
    this.rank = rank
    this.size = mailboxes.length
    this.clock = simulation?.clock ?? systemClock
    this.#delay = simulation?.delay ?? null
    this.#mailboxes = mailboxes
    this.#arrivals = mailboxes.map(() => 0)
  }

  send(to: number, frame: Frame): void {
    const place = { job: 0, epoch: frame.header.epoch }
    const header = decodeHeader(encodeHeader(frame.header, place), place)!
    const payload = new Uint8Array(frame.payload)
    const deliver = () => this.#mailboxes[to].deliver(this.rank, { header, payload })
    // A turn of the event loop later, as from a socket: a rank must not run inside its neighbour's send().
    if (this.#delay === null) setImmediate(deliver)
    else void this.clock.sleep(this.#wayTo(to, this.#delay(payload.length, this.rank, to))).then(deliver)
  }

  recv(from: number, channel: number, seconds: number): Promise<Frame> {
    return this.#mailboxes[this.rank].take(from, channel, seconds)
  }

  fail(error: Error): void {
    this.#mailboxes[this.rank].fail(error)
  }

  close(): void {
    this.#mailboxes[this.rank].close()
  }

  /** Milliseconds until a message that takes `duration` is there, behind those under way. */
  #wayTo(to: number, duration: number): number {
    const now = this.clock.now()
    this.#arrivals[to] = Math.max(now, this.#arrivals[to]) + duration
    return this.#arrivals[to] - now
  }
}

/** Transports of `size` ranks that share this process, by rank. */
export function inprocTransports(size: number, simulation: Simulation | null = null): Transport[] {
  const clock = simulation?.clock ?? systemClock
  const mailboxes = Array.from({ length: size }, () => new Mailbox(clock))
  return mailboxes.map((_, rank) => new InprocTransport(rank, mailboxes, simulation))
}
