import { randomBytes, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { UsageError } from '../base/errors.ts'

/** Bytes that a reader may be behind before it is left out: a window on a slow line must not fill our memory. */
const BEHIND = 4 << 20
const COOKIE = 'pporun'

/** What the server shows. */
export interface Show {
  /** The page, and what it may load. */
  page(): string
  policy: string
  /** A reader has come; what is sent to it first. */
  joined(reader: Reader): void
}

/** A window that listens to server-sent events. */
export class Reader {
  /** False: its play is paused. */
  readonly plays: boolean
  readonly #response: ServerResponse

  constructor(response: ServerResponse, plays: boolean) {
    this.#response = response
    this.plays = plays
  }

  send(event: string, data: unknown): void {
    if (this.#response.writableLength < BEHIND)
      this.#response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
  }
}

/**
 * The one HTTP server of the project: a page and its events, to be read only. On 127.0.0.1 it answers to that name
 * alone (a page from elsewhere cannot rebind its own name to us); on another address whoever has the token may look.
 */
export class WatchServer {
  readonly readers: Set<Reader> = new Set()
  readonly #show: Show
  readonly #server: Server
  readonly #host: string
  /** null: the machine's own users alone can reach us. */
  readonly #token: string | null

  constructor(host: string, show: Show) {
    this.#show = show
    this.#host = host
    this.#token = isLocal(host) ? null : randomBytes(16).toString('hex')
    this.#server = createServer((request, response) => this.#answer(request, response))
  }

  /** @returns the address to open. Throws UsageError where the port is taken or the address is not ours. */
  listen(port: number): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) =>
        reject(
          new UsageError(
            `cannot listen on ${this.#host}:${port} (${error.code}); try another --port or --host`,
          ),
        ),
      )
      this.#server.listen(port, this.#host, () => resolve(this.#address()))
    })
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  #address(): string {
    const { port, address, family } = this.#server.address() as AddressInfo
    const host = family === 'IPv6' ? `[${address}]` : address
    return `http://${host}:${port}/${this.#token ? `?token=${this.#token}` : ''}`
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://pporun')
    const token = url.searchParams.get('token')
    const stranger = this.#strangeness(request)
    if (request.method !== 'GET') refuse(response, 405, 'only GET')
    else if (token !== null && this.#isToken(token)) this.#admit(response)
    else if (stranger !== null) refuse(response, 403, stranger)
    else if (url.pathname === '/') this.#page(response)
    else if (url.pathname === '/live') this.#events(request, response, url.searchParams.get('play') !== '0')
    else refuse(response, 404, 'nothing here')
  }

  /** Why whoever asks may not look; null if they may. */
  #strangeness(request: IncomingMessage): string | null {
    if (this.#token === null) return isLocal(nameOf(request)) ? null : 'this machine has another name'
    return this.#isToken(cookieOf(request))
      ? null
      : 'open the address that pporun watch has printed: it ends with a token'
  }

  /** The token moves from the address, which people paste and browsers keep, into a cookie. */
  #admit(response: ServerResponse): void {
    response.writeHead(303, {
      location: '/',
      'set-cookie': `${COOKIE}=${this.#token}; HttpOnly; SameSite=Strict; Path=/`,
    })
    response.end()
  }

  #isToken(given: string): boolean {
    if (this.#token === null) return false
    const [a, b] = [given, this.#token].map(text => Buffer.from(text))
    return a.length === b.length && timingSafeEqual(a, b)
  }

  #page(response: ServerResponse): void {
    response.writeHead(200, {
      ...headers,
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': this.#show.policy,
    })
    response.end(this.#show.page())
  }

  #events(request: IncomingMessage, response: ServerResponse, plays: boolean): void {
    response.writeHead(200, { ...headers, 'content-type': 'text/event-stream' })
    const reader = new Reader(response, plays)
    this.readers.add(reader)
    request.on('close', () => this.readers.delete(reader))
    this.#show.joined(reader)
  }
}

const headers = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
}

function refuse(response: ServerResponse, status: number, why: string): void {
  response.writeHead(status, { ...headers, 'content-type': 'text/plain; charset=utf-8' })
  response.end(`pporun: ${why}\n`)
}

const isLocal = (host: string): boolean => ['127.0.0.1', 'localhost', '::1', '[::1]'].includes(host)

/** The name that the browser asked for, without the port. */
const nameOf = ({ headers }: IncomingMessage): string => (headers.host ?? '').replace(/:\d+$/, '')

function cookieOf({ headers }: IncomingMessage): string {
  return new RegExp(`(?:^|; )${COOKIE}=([0-9a-f]+)`).exec(headers.cookie ?? '')?.[1] ?? ''
}
