import { join } from 'node:path'
import * as zmq from 'zeromq'
import { decodeHeader, encodeHeader, type Frame } from './frame.ts'
import { Mailbox } from './mailbox.ts'
import type { Transport } from './transport.ts'

// Before the first socket: a process must be able to leave while a dead peer's messages are still queued.
zmq.context.blocky = false

/** Longest path of a Unix-domain socket on the platforms that we know. */
const SOCKET_PATH_LIMIT = 100

/**
 * Frames over ZeroMQ: one PULL socket per rank, one PUSH socket per peer that it sends to, each frame a
 * message of two parts (header, payload). One sender and one receiver per pipe, so order holds per peer.
 *
 * Traps behind the settings below (reference: zeromq.js and libzmq sources):
 * - send() resolves when a message is queued, and anything over 128 bytes is queued by reference: so
 *   payloads are copied here, and the caller's array is its own again at once.
 * - a reconnect drops the half-sent message: `reconnectInterval: -1`, a broken pipe stays broken.
 * - high-water marks count messages and block or abort: 0; ranks in lockstep queue a few at most.
 * - libzmq's heartbeats kill connections during long messages: not used; liveness is the agent's work.
 */
export class ZmqTransport implements Transport {
  readonly name = 'zmq'
  readonly rank: number
  readonly size: number
  #endpoints: string[] = []
  #pumping = false
  readonly #pull: zmq.Pull
  readonly #pushes = new Map<number, Outbox>()
  readonly #mailbox: Mailbox = new Mailbox()
  #dropped = 0

  private constructor(rank: number, size: number, pull: zmq.Pull) {
    this.rank = rank
    this.size = size
    this.#pull = pull
  }

  /** Binds in `folder` (private to the job); connect() with everybody's endpoints makes it usable. */
  static async bind(rank: number, size: number, folder: string, epoch: number): Promise<ZmqTransport> {
    const pull = new zmq.Pull({ linger: 0, receiveHighWaterMark: 0 })
    const path = join(folder, `${rank}-${epoch}`)
    await pull.bind(Buffer.byteLength(path) < SOCKET_PATH_LIMIT ? `ipc://${path}` : 'tcp://127.0.0.1:*')
    return new ZmqTransport(rank, size, pull)
  }

  /** Where peers reach this rank. */
  get endpoint(): string {
    return this.#pull.lastEndpoint ?? ''
  }

  /** Messages that were not frames of ours. */
  get dropped(): number {
    return this.#dropped
  }

  /** @param endpoints by rank. */
  connect(endpoints: string[]): void {
    this.#endpoints = endpoints
  }

  now(): number {
    return performance.now()
  }

  sleep(milliseconds: number): Promise<void> {
    return new Promise(resolve => setTimeout(resolve, milliseconds))
  }

  send(to: number, frame: Frame): void {
    let outbox = this.#pushes.get(to)
    if (!outbox) {
      outbox = new Outbox(this.#endpoints[to])
      this.#pushes.set(to, outbox)
    }
    outbox.post([encodeHeader(frame.header), Buffer.from(frame.payload)])
  }

  recv(from: number, channel: number, seconds: number): Promise<Frame> {
    const frame = this.#mailbox.take(from, channel, seconds)
    void this.#pump()
    return frame
  }

  fail(error: Error): void {
    this.#mailbox.fail(error)
  }

  close(): void {
    this.#mailbox.close()
    this.#pull.close()
    for (const outbox of this.#pushes.values()) outbox.close()
  }

  /** Reads while somebody waits: a pending receive() would keep a script that is done from ending. */
  async #pump(): Promise<void> {
    if (this.#pumping) return
    this.#pumping = true
    try {
      while (this.#mailbox.waiting) this.#sort(await this.#pull.receive())
    } catch (error) {
      this.#mailbox.fail(error as Error)
    } finally {
      this.#pumping = false
    }
  }

  #sort(message: Buffer[]): void {
    const header = message.length === 2 ? decodeHeader(message[0]) : null
    const known = header !== null && header.source >= 0 && header.source < this.size
    if (known) this.#mailbox.deliver(header.source, { header, payload: message[1] })
    else this.#dropped++
  }
}

/** A PUSH socket takes one send() at a time: messages wait their turn here. */
class Outbox {
  readonly #socket: zmq.Push
  #last: Promise<void> = Promise.resolve()

  constructor(endpoint: string) {
    this.#socket = new zmq.Push({ linger: 0, sendHighWaterMark: 0, reconnectInterval: -1 })
    this.#socket.connect(endpoint)
  }

  post(parts: Uint8Array[]): void {
    // A socket that was closed meanwhile belongs to a job that has ended: nobody waits for the frame.
    this.#last = this.#last.then(() => this.#socket.send(parts as Buffer[])).catch(() => {})
  }

  close(): void {
    this.#socket.close()
  }
}
