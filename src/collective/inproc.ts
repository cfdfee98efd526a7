import { decodeHeader, encodeHeader, type Frame } from './frame.ts'
import { Mailbox } from './mailbox.ts'
import type { Transport } from './transport.ts'

/**
 * Ranks inside one process: the slow, right twin of the socket transports, for tests and for jobs of one.
 * Frames are encoded and copied as on a wire, so that what would break there breaks here.
 */
class InprocTransport implements Transport {
  readonly name = 'inproc'
  readonly rank: number
  readonly size: number
  readonly #mailboxes: Mailbox[]

  constructor(rank: number, mailboxes: Mailbox[]) {
    this.rank = rank
    this.size = mailboxes.length
    this.#mailboxes = mailboxes
  }

  now(): number {
    return performance.now()
  }

  sleep(milliseconds: number): Promise<void> {
    return new Promise(resolve => setTimeout(resolve, milliseconds))
  }

  send(to: number, frame: Frame): void {
    const place = { job: 0, epoch: frame.header.epoch }
    const header = decodeHeader(encodeHeader(frame.header, place), place)!
    const payload = new Uint8Array(frame.payload)
    // A turn of the event loop later, as from a socket: a rank must not run inside its neighbour's send().
    setImmediate(() => this.#mailboxes[to].deliver(this.rank, { header, payload }))
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
}

/** Transports of `size` ranks that share this process, by rank. */
export function inprocTransports(size: number): Transport[] {
  const mailboxes = Array.from({ length: size }, () => new Mailbox())
  return mailboxes.map((_, rank) => new InprocTransport(rank, mailboxes))
}
