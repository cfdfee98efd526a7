import { connect as connectTcp } from 'node:net'
import { connect, createServer, type Server, type TLSSocket } from 'node:tls'
import { PporunError } from '../../src/base/errors.ts'

/**
 * A connection between two workers that hold the same key: TLS with that key, so each end proves it to the other
 * and a key of this connection alone encrypts it (ECDHE). A stream, like the pipe to an agent that ssh carries.
 */
const TLS = {
  ciphers: 'ECDHE-PSK-CHACHA20-POLY1305',
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.2', // Node has no external PSK for 1.3
} as const
const IDENTITY = 'pporun'
/** Of one attempt. */
const ATTEMPT = 2000 // ms

/** @param port 0: any. Strangers are dropped. */
export function listen(key: Buffer, port: number, welcome: (socket: TLSSocket) => void): Promise<Server> {
  const server = createServer({ ...TLS, pskCallback: () => key, handshakeTimeout: ATTEMPT }, welcome)
  server.on('tlsClientError', () => {})
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, () => resolve(server))
  })
}

/** Rejects if nobody there holds the key. */
export function dial(key: Buffer, host: string, port: number): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const tcp = connectTcp({ host, port })
    const socket = connect({
      ...TLS,
      socket: tcp,
      pskCallback: () => ({ psk: key, identity: IDENTITY }),
      checkServerIdentity: () => undefined, // the key is the identity
    })
    const timer = setTimeout(() => tcp.destroy(new Error(`${host}:${port} did not answer`)), ATTEMPT)
    const fail = (error: Error) => {
      clearTimeout(timer)
      tcp.destroy()
      reject(error)
    }
    tcp.on('error', fail)
    socket.on('error', fail)
    socket.once('secureConnect', () => {
      clearTimeout(timer)
      socket.off('error', fail)
      resolve(socket)
    })
  })
}

/** The next line, and not a byte more: what follows is for whoever reads next. */
export function firstLine<T>(socket: TLSSocket): Promise<T> {
  return new Promise((resolve, reject) => {
    let text = ''
    const take = () => {
      for (let byte = socket.read(1); byte !== null; byte = socket.read(1)) {
        text += String.fromCharCode(byte[0])
        if (byte[0] !== 10) continue
        socket.off('readable', take)
        return resolve(JSON.parse(text) as T)
      }
    }
    socket.on('readable', take)
    socket.once('close', () => reject(new PporunError('the connection between two workers ended too soon')))
  })
}
