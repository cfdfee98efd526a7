import * as zmq from 'zeromq'
import { ConnectionError } from '../transport.ts'
import type { KeyPair } from './gate.ts'
import { Monitor } from './monitor.ts'

/** A quiet connection is asked for after this many seconds, then as often, three times (TCP keepalive). */
const KEEPALIVE = { idle: 5, interval: 2, count: 3 }

/**
 * This rank's way to one other: a PUSH socket. Messages wait their turn here, since it takes one send() at a time.
 *
 * A connection that breaks stays broken (`reconnectInterval: -1`): ZeroMQ would connect again and drop what was half
 * sent, and a sum without it is a wrong sum.
 */
export class Link {
  readonly #to: number
  readonly #endpoint: string
  readonly #socket: zmq.Push
  #monitor: Monitor | null = null
  #last: Promise<void> = Promise.resolve()
  #reached: () => void = () => {}
  #failed: (error: Error) => void = () => {}
  readonly #greeted: Promise<void>

  /** @param lost told when a connection over TCP has broken or could not be made. */
  constructor(
    to: number,
    { endpoint, publicKey }: { endpoint: string; publicKey: string | null },
    keys: KeyPair | null,
    lost: (error: Error) => void,
  ) {
    this.#to = to
    this.#endpoint = endpoint
    this.#greeted = new Promise((resolve, reject) => {
      this.#reached = resolve
      this.#failed = reject
    })
    this.#greeted.catch(() => {})
    const { idle, interval, count } = KEEPALIVE
    this.#socket = new zmq.Push({
      ...{ linger: 0, sendHighWaterMark: 0, reconnectInterval: -1 },
      ...{
        tcpKeepalive: 1,
        tcpKeepaliveIdle: idle,
        tcpKeepaliveInterval: interval,
        tcpKeepaliveCount: count,
      },
      ipv6: endpoint.includes('['),
      ...(keys && {
        curveServerKey: publicKey,
        curvePublicKey: keys.publicKey,
        curveSecretKey: keys.secretKey,
      }),
    })
    if (endpoint.startsWith('tcp:')) this.#listen(lost)
    this.#socket.connect(endpoint)
  }

  /** Resolves when the peer has let this rank in; rejects with ConnectionError when it has not within `seconds`. */
  async reached(seconds: number): Promise<void> {
    const late = () =>
      this.#failed(this.#error(`did not answer within ${seconds} s; does a firewall drop it?`))
    const timer = setTimeout(late, seconds * 1000)
    try {
      await this.#greeted
    } finally {
      clearTimeout(timer)
    }
  }

  /** @param message ZeroMQ's from now on. */
  post(message: Uint8Array): void {
    // A socket that was closed meanwhile belongs to a job that has ended: nobody waits for the frame.
    this.#last = this.#last.then(() => this.#socket.send(message as Buffer)).catch(() => {})
  }

  close(): void {
    if (this.#monitor) this.#monitor.closeSocket()
    else this.#socket.close()
  }

  #listen(lost: (error: Error) => void): void {
    this.#monitor = new Monitor(this.#socket)
    const { events } = this.#monitor
    let inside = false
    const fail = (what: string) => {
      const error = this.#error(what)
      this.#failed(error)
      lost(error)
    }
    events.on('handshake', () => {
      inside = true
      this.#reached()
    })
    events.on('handshake:error:auth', () => fail('refused this rank: another job listens there'))
    events.on('handshake:error:protocol', () => fail('does not speak as a rank of this job'))
    events.on('disconnect', () => fail(inside ? 'broke' : 'was closed before it had begun'))
    events.on('close', () => fail('could not be made: nobody listens there'))
  }

  #error(what: string): ConnectionError {
    return new ConnectionError(this.#to, `the connection to rank ${this.#to} at ${this.#endpoint} ${what}`)
  }
}
