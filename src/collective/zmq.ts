import { isIPv6 } from 'node:net'
import { join } from 'node:path'
import * as zmq from 'zeromq'
import type { Security } from '../base/contract.ts'
import type { Address, Strays } from '../base/control.ts'
import { UsageError } from '../base/errors.ts'
import { type Frame, type Place, packFrame, unpackFrame } from './frame.ts'
import { Mailbox } from './mailbox.ts'
import { type Clock, ConnectionError, systemClock, type Transport } from './transport.ts'
import { endpointOf } from './zmq/addresses.ts'
import { reachable } from './zmq/dial.ts'
import { Gate, type KeyPair } from './zmq/gate.ts'
import { Link } from './zmq/link.ts'
import { Monitor } from './zmq/monitor.ts'

// Before the first socket: a process must be able to leave while a dead peer's messages are still queued.
zmq.context.blocky = false
// Three per peer: libzmq counts the two that carry a socket's events.
zmq.context.maxSockets = 8192

/** Longest path of a Unix-domain socket on the platforms that we know. */
const SOCKET_PATH_LIMIT = 100
/** A connection that has not shown who it is by then is closed. Ranks do so within connect(). */
const HANDSHAKE = 30_000 // ms
/** Of one message: nobody makes a rank reserve more. */
const LARGEST_MESSAGE = 2 ** 31 - 1 // bytes

/** Where a rank listens, and for whom. */
export interface Listening {
  rank: number
  size: number
  /** Which job and which of its communicators: frames of others are dropped. */
  place: Place
  /** 0700, for Unix-domain sockets. */
  folder: string
  /** Where ranks of other hosts may reach this one; null: all ranks are here. */
  network: { addresses: readonly string[]; ports: readonly [number, number] | null } | null
  /** Of connections over TCP. */
  security: Security
}

/**
 * Frames over ZeroMQ: one PULL socket per rank, one PUSH socket per peer that it sends to (zmq/link.ts), each frame one
 * message: a part more is a system call more on either side. One sender and one receiver per pipe, so order holds per
 * peer.
 *
 * Between hosts these are TCP, authenticated and encrypted with CURVE: each rank makes a key pair, and zmq/gate.ts lets
 * in who holds one of the keys that the launcher has passed on. On one host they are Unix-domain sockets.
 *
 * Traps behind the settings (reference: zeromq.js and libzmq sources):
 * - send() resolves when a message is queued, and anything over 128 bytes is queued by reference: so
 *   payloads are copied here, and the caller's array is its own again at once.
 * - high-water marks count messages and block or abort: 0; ranks in lockstep queue a few at most.
 * - libzmq's heartbeats kill connections during long messages: not used; liveness is the agent's work.
 */
export class ZmqTransport implements Transport {
  readonly name = 'zmq'
  readonly clock: Clock = systemClock
  readonly rank: number
  readonly size: number
  readonly #place: Place
  readonly #pull: zmq.Pull
  #monitor: Monitor | null = null
  readonly #keys: KeyPair | null
  readonly #gate: Gate | null
  readonly #mailbox: Mailbox = new Mailbox(systemClock)
  readonly #links = new Map<number, Link>()
  readonly #strays: Strays = { connections: 0, messages: 0 }
  readonly #endpoints: string[] = []
  #peers: readonly (Address | null)[] = []
  #pumping = false

  private constructor(listening: Listening, pull: zmq.Pull, keys: KeyPair | null, gate: Gate | null) {
    this.rank = listening.rank
    this.size = listening.size
    this.#place = listening.place
    this.#pull = pull
    this.#keys = keys
    this.#gate = gate
  }

  /** Listens; connect() with everybody's addresses makes it usable. */
  static async bind(listening: Listening): Promise<ZmqTransport> {
    const { rank, place, folder, network, security } = listening
    const path = join(folder, `${rank}-${place.epoch}`)
    const ipc = network === null && Buffer.byteLength(path) < SOCKET_PATH_LIMIT
    const keys = !ipc && security === 'curve' ? zmq.curveKeyPair() : null
    const gate = keys && (await Gate.bind())
    const pull = new zmq.Pull({
      ...{ linger: 0, receiveHighWaterMark: 0 },
      ...{ maxMessageSize: LARGEST_MESSAGE, handshakeInterval: HANDSHAKE },
      ipv6: network?.addresses.some(isIPv6) ?? false,
      ...(keys && gate?.options(keys)),
    })
    const transport = new ZmqTransport(listening, pull, keys, gate)
    if (!ipc) transport.#countStrangers()
    if (ipc) await transport.#listen(`ipc://${path}`)
    else
      for (const address of network?.addresses ?? ['127.0.0.1'])
        await transport.#listenAt(address, network?.ports)
    return transport
  }

  /** Where peers reach this rank. */
  get address(): Address {
    return { endpoints: this.#endpoints, publicKey: this.#keys?.publicKey ?? null }
  }

  get strays(): Readonly<Strays> {
    return this.#strays
  }

  /**
   * Over TCP, resolves when this rank has reached every other and every other has reached it: afterwards nobody needs
   * to get in. Unix-domain sockets connect when they are needed.
   * @param peers by rank; null: takes no part. Rejects with ConnectionError, naming the first that did not answer
   * within `seconds`.
   */
  async connect(peers: readonly (Address | null)[], seconds: number): Promise<void> {
    this.#peers = peers
    const others = peers.filter((peer, rank): peer is Address => peer !== null && rank !== this.rank)
    this.#gate?.allow(others.flatMap(({ publicKey }) => publicKey ?? []))
    if (this.#endpoints[0].startsWith('ipc:')) return
    const reach = async (peer: Address) => {
      const endpoint = await reachable(peer.endpoints, seconds)
      await this.#link(peers.indexOf(peer), endpoint).reached(seconds)
    }
    await Promise.all([...others.map(reach), this.#everybodyIn(seconds)])
  }

  send(to: number, frame: Frame): void {
    this.#link(to).post(packFrame(frame, this.#place))
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
    if (this.#monitor) this.#monitor.closeSocket()
    else this.#pull.close()
    for (const link of this.#links.values()) link.close()
    this.#gate?.close()
  }

  async #listen(endpoint: string): Promise<void> {
    await this.#pull.bind(endpoint)
    this.#endpoints.push(this.#pull.lastEndpoint!)
  }

  /** On any port, or the first free one of a range; each rank begins somewhere else in it. */
  async #listenAt(address: string, ports: readonly [number, number] | null = null): Promise<void> {
    if (ports === null) return this.#listen(endpointOf(address, '*'))
    const [first, last] = ports
    const count = last - first + 1
    for (let i = 0; i < count; i++) {
      const port = first + ((this.rank + i) % count)
      const taken = await this.#listen(endpointOf(address, port)).catch((error: Error) => error)
      if (!taken) return
      if ((taken as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw taken
    }
    throw new UsageError(`--port-range ${first}-${last}: no port of it is free at ${address}`)
  }

  async #everybodyIn(seconds: number): Promise<void> {
    const key = await this.#gate?.absent(seconds)
    if (!key) return
    const rank = this.#peers.findIndex(peer => peer?.publicKey === key)
    throw new ConnectionError(rank, `rank ${rank} did not connect to this rank within ${seconds} s`)
  }

  #link(to: number, endpoint: string | undefined = this.#peers[to]?.endpoints[0]): Link {
    let link = this.#links.get(to)
    if (!link) {
      const publicKey = this.#peers[to]?.publicKey ?? null
      if (endpoint === undefined) throw new ConnectionError(to, `rank ${to} takes no part`)
      link = new Link(to, { endpoint, publicKey }, this.#keys, error => this.fail(error))
      this.#links.set(to, link)
    }
    return link
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
    const frame = message.length === 1 ? unpackFrame(message[0], this.#place) : null
    const source = frame?.header.source ?? -1
    if (frame && source >= 0 && source < this.size) this.#mailbox.deliver(source, frame)
    else this.#strays.messages++
  }

  /** Whoever is accepted and does not pass the handshake, once all ranks have: they try addresses before that. */
  #countStrangers(): void {
    this.#monitor = new Monitor(this.#pull)
    const { events } = this.#monitor
    let absent = this.size - 1
    events.on('accept', () => void this.#strays.connections++)
    events.on('handshake', () => {
      this.#strays.connections--
      if (--absent === 0) this.#strays.connections = 0
    })
  }
}
