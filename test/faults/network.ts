/** A network that can be broken: every connection between ranks goes through here, in user space. */
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import type { TestContext } from 'node:test'

/** What happens to bytes on their way to a rank. */
export type Fault = 'stall' | 'reset' | 'truncate' | 'duplicate' | 'reorder' | 'slow'

/** Of a slow link. */
const DELAY = 200 // ms
const BYTES_PER_MS = 1000

const HERE = '127.0.0.1'

/** Ranks register where they listen and are told where to say that they do (interposed below). */
export class FaultyNetwork {
  /** Which fault, and on the way to which rank. */
  fault: { kind: Fault; to: number } | null = null
  /** Pieces of messages that it has come to. */
  struck = 0
  readonly #sockets = new Set<Socket>()
  readonly #servers: Server[] = []

  /** Its URL is for the scripts of ranks. It goes with the test. */
  async open(t: TestContext): Promise<string> {
    const http = createHttpServer(async (request, response) => {
      const query = new URL(request.url ?? '', 'http://x').searchParams
      response.end(String(await this.#interpose(Number(query.get('rank')), Number(query.get('port')))))
    })
    await new Promise<void>(resolve => http.listen(0, HERE, resolve))
    t.after(() => {
      for (const socket of this.#sockets) socket.destroy()
      for (const server of this.#servers) server.close()
      http.close()
      http.closeAllConnections()
    })
    return `http://${HERE}:${(http.address() as AddressInfo).port}`
  }

  /** A port that leads to a rank's. */
  async #interpose(rank: number, port: number): Promise<number> {
    const server = createServer(client => this.#carry(rank, client, connect(port, HERE)))
    this.#servers.push(server)
    await new Promise<void>(resolve => server.listen(0, HERE, resolve))
    return (server.address() as AddressInfo).port
  }

  #carry(rank: number, client: Socket, upstream: Socket): void {
    const way = new Way(client, upstream)
    client.on('data', chunk => {
      const fault = this.fault?.to === rank ? this.fault.kind : null
      if (fault) this.struck++
      way.carry(chunk, fault)
    })
    upstream.on('data', chunk => client.write(chunk))
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ]) {
      this.#sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => other.destroy())
      socket.on('close', () => other.destroy())
    }
  }
}

/** One connection, towards the rank that listens. */
class Way {
  readonly #client: Socket
  readonly #upstream: Socket
  /** When the newest bytes of a slow link arrive. */
  #arrival = 0

  constructor(client: Socket, upstream: Socket) {
    this.#client = client
    this.#upstream = upstream
  }

  carry(chunk: Buffer, fault: Fault | null): void {
    if (fault === 'stall') return
    if (fault === 'slow') this.#later(chunk)
    else if (fault === 'reset') {
      this.#client.resetAndDestroy()
      this.#upstream.resetAndDestroy()
    } else if (fault === 'truncate') this.#upstream.end(chunk.subarray(0, chunk.length >> 1))
    else if (fault === 'reorder') {
      this.#upstream.write(chunk.subarray(chunk.length >> 1))
      this.#upstream.write(chunk.subarray(0, chunk.length >> 1))
    } else {
      this.#upstream.write(chunk)
      if (fault === 'duplicate') this.#upstream.write(chunk)
    }
  }

  #later(chunk: Buffer): void {
    const now = performance.now()
    this.#arrival = Math.max(this.#arrival, now + DELAY) + chunk.length / BYTES_PER_MS
    setTimeout(() => this.#upstream.write(chunk), this.#arrival - now)
  }
}

/** For the beginning of a rank's script: the address that it gives to the others is that of a port of the network. */
export const interposed = (url: string): string => `
const tell = process.send!.bind(process)
process.send = ((message: any, ...rest: any[]) => {
  if (message.type !== 'member') return (tell as any)(message, ...rest)
  const ask = async (endpoint: string) => {
    const port = endpoint.split(':').pop()
    const answer = await fetch('${url}/?rank=' + process.env.PPORUN_RANK + '&port=' + port)
    return 'tcp://${HERE}:' + (await answer.text())
  }
  Promise.all(message.member.endpoints.map(ask)).then(endpoints =>
    (tell as any)({ ...message, member: { ...message.member, endpoints } }, ...rest))
  return true
}) as any
`
