import type { AddressInfo } from 'node:net'
import { PassThrough } from 'node:stream'
import type { Server, TLSSocket } from 'node:tls'
import { UsageError } from '../../src/base/errors.ts'
import { writeLine } from '../protocol.ts'
import type { AgentProcess, Ending } from '../spawn/carrier.ts'
import { firstLine, listen } from './channel.ts'

/** A worker's first line; everything after it is between its agent and the job. */
export interface Join {
  type: 'join'
  rank: number
  size: number
  host: string
  /** Tells machines apart. */
  machine: string
}

/** The answer: what was wrong with it, or null. */
export interface Welcome {
  type: 'welcome'
  refused: string | null
}

/** Where rank 0 awaits the other workers; it holds their agents as the launcher holds those behind ssh. */
export class Hub {
  readonly #server: Server
  readonly #seats: Seat[]

  private constructor(server: Server, seats: Seat[]) {
    this.#server = server
    this.#seats = seats
  }

  /** @param joined told of each worker. */
  static async open(key: Buffer, port: number, size: number, joined: (join: Join) => void): Promise<Hub> {
    const seats = Array.from({ length: size }, () => new Seat())
    const server = await listen(key, port, socket => {
      socket.on('error', () => {})
      void firstLine<Join>(socket).then(
        join => {
          const refused = refusal(join, seats)
          writeLine(socket, { type: 'welcome', refused } satisfies Welcome)
          if (refused !== null) return void socket.end()
          joined(join)
          seats[join.rank].take(socket)
        },
        () => socket.destroy(),
      )
    }).catch((error: Error) => {
      throw new UsageError(`cannot listen where the workers meet: ${error.message}`)
    })
    server.unref()
    return new Hub(server, seats)
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** The agent of a worker that has joined, or will. */
  agent(rank: number): AgentProcess {
    return this.#seats[rank].agent
  }

  close(): void {
    this.#server.close()
  }
}

function refusal({ rank, size }: Join, seats: Seat[]): string | null {
  if (size !== seats.length) return `this worker is one of ${size}, the one of rank 0 one of ${seats.length}`
  if (!(rank > 0 && rank < size)) return `there is no place for a worker of rank ${rank}`
  return seats[rank].taken ? `two workers say that they are rank ${rank}` : null
}

/** A rank's place: its agent's stdin and stdout, whenever it comes. */
class Seat {
  taken = false
  readonly agent: AgentProcess
  readonly #stdin = new PassThrough()
  readonly #stdout = new PassThrough()
  #socket: TLSSocket | null = null
  #end: (ending: Ending) => void = () => {}

  constructor() {
    const ended = new Promise<Ending>(resolve => {
      this.#end = resolve
    })
    const { stdin, stdout } = { stdin: this.#stdin, stdout: this.#stdout }
    this.agent = {
      stdin,
      stdout,
      ended,
      onStderr: () => {},
      kill: () => this.#leave('its connection was cut'),
    }
  }

  take(socket: TLSSocket): void {
    this.taken = true
    this.#socket = socket
    this.#stdin.pipe(socket)
    socket.pipe(this.#stdout)
    socket.once('close', () => this.#leave('its connection ended'))
  }

  #leave(how: string): void {
    this.#socket?.destroy()
    this.#end({ how, exitCode: null, lastWords: [] })
  }
}
