import { decodeHeader, encodeHeader, type Frame } from './frame.ts'
import { Mailbox } from './mailbox.ts'
import { type Clock, systemClock, type Transport } from './transport.ts'

/** A network that is not there: a clock, and how long messages are under way. */
export interface Network {
  clock: Clock
  /** Resolves when so many bytes have come from one rank to another: of a pair in the order in which they were sent. */
  carry(bytes: number, from: number, to: number): Promise<void>
}

/** Without a network: a turn of the event loop, as from a socket: a rank must not run inside its neighbour's send(). */
const atOnce: Network = {
  clock: systemClock,
  carry: () => new Promise(resolve => setImmediate(resolve)),
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
  readonly #network: Network
  readonly #mailboxes: Mailbox[]

  constructor(rank: number, mailboxes: Mailbox[], network: Network) {
    this.rank = rank
    this.size = mailboxes.length
    this.clock = network.clock
    this.#network = network
    this.#mailboxes = mailboxes
  }

  send(to: number, frame: Frame): void {
    const place = { job: 0, epoch: frame.header.epoch }
    const header = decodeHeader(encodeHeader(frame.header, place), place)!
    const payload = new Uint8Array(frame.payload)
    const deliver = () => this.#mailboxes[to].deliver(this.rank, { header, payload })
    void this.#network.carry(payload.length, this.rank, to).then(deliver)
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
export function inprocTransports(size: number, network: Network = atOnce): Transport[] {
  const mailboxes = Array.from({ length: size }, () => new Mailbox(network.clock))
  return mailboxes.map((_, rank) => new InprocTransport(rank, mailboxes, network))
}
