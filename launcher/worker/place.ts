import { hkdfSync, randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { join, resolve } from 'node:path'
import { meetingPlace, tokenFile } from '../../src/base/contract.ts'
import { UsageError } from '../../src/base/errors.ts'

/**
 * Where the workers of a job meet, and the secret that they share. Rank 0 listens; in a shared folder it says
 * where, and makes the secret; over TCP both are given.
 */
export type Place =
  | { type: 'file'; path: string }
  | { type: 'tcp'; host: string; port: number; token: Buffer }

/** What rank 0 leaves in the folder, for its owner's eyes only. */
interface Note {
  addresses: string[]
  port: number
  /** Hex. */
  token: string
}

const TOKEN_BYTES = 32

/**
 * From PPORUN_RENDEZVOUS, else the folder of --out.
 * @param key of the job: another that uses the same folder meets elsewhere in it. Throws UsageError.
 */
export function findPlace(out: string | null, key: string): Place {
  const given = meetingPlace() ?? (out === null ? null : `file:${out}`)
  if (given === null)
    throw new UsageError(
      'workers need a place to meet: --out DIR on a shared disk, or PPORUN_RENDEZVOUS=file:DIR or tcp:HOST:PORT',
    )
  const [, folder] = /^file:(.+)$/.exec(given) ?? []
  if (folder) return { type: 'file', path: join(resolve(folder), `.pporun-${key.replace(/[^\w.-]/g, '_')}`) }
  const [, host, port] = /^tcp:\[?(.+?)\]?:(\d+)$/.exec(given) ?? []
  if (!host || !(Number(port) >= 1 && Number(port) <= 65_535))
    throw new UsageError(`PPORUN_RENDEZVOUS is file:DIR or tcp:HOST:PORT, not '${given}'`)
  return { type: 'tcp', host, port: Number(port), token: readToken(tokenFile()) }
}

/** Rank 0 says where it listens. */
export function leaveNote(path: string, port: number, token: Buffer): void {
  const interfaces = Object.values(networkInterfaces()).flatMap(found => found ?? [])
  // Loopback first: where the others are on this host it answers at once, elsewhere it refuses at once.
  const addresses = interfaces
    .toSorted((a, b) => Number(b.internal) - Number(a.internal))
    .map(one => one.address)
  const note: Note = { addresses, port, token: token.toString('hex') }
  mkdirSync(join(path, '..'), { recursive: true })
  const temporary = `${path}.${process.pid}`
  writeFileSync(temporary, JSON.stringify(note), { mode: 0o600, flag: 'wx' })
  renameSync(temporary, path)
}

/** What rank 0 has left; null: nothing yet. Throws UsageError if others could have read it. */
export function readNote(path: string): { addresses: string[]; port: number; token: Buffer } | null {
  if (!statSync(path, { throwIfNoEntry: false })) return null
  checkPrivate(path)
  const { addresses, port, token } = JSON.parse(readFileSync(path, 'utf8')) as Note
  return { addresses, port, token: Buffer.from(token, 'hex') }
}

export function removeNote(path: string): void {
  rmSync(path, { force: true })
}

export const newToken = (): Buffer => randomBytes(TOKEN_BYTES)

/** The key that both ends of a connection prove to hold: never the token itself. */
export const keyOf = (token: Buffer): Buffer =>
  Buffer.from(hkdfSync('sha256', token, '', 'pporun rendezvous', 32))

function readToken(path: string | null): Buffer {
  if (path === null)
    throw new UsageError(
      'PPORUN_RENDEZVOUS=tcp:... needs PPORUN_TOKEN_FILE, a file of mode 0600 with 32 random bytes',
    )
  if (!statSync(path, { throwIfNoEntry: false })?.isFile())
    throw new UsageError(`PPORUN_TOKEN_FILE ${path}: no such file`)
  checkPrivate(path)
  const token = readFileSync(path)
  if (token.length < TOKEN_BYTES)
    throw new UsageError(
      `PPORUN_TOKEN_FILE ${path}: holds ${token.length} bytes; ${TOKEN_BYTES} random ones are needed`,
    )
  return token
}

function checkPrivate(path: string): void {
  const { mode, uid } = statSync(path)
  if ((mode & 0o077) !== 0) throw new UsageError(`${path} can be read by others: chmod 600 ${path}`)
  if (uid !== process.getuid?.() && uid !== 0) throw new UsageError(`${path} belongs to somebody else`)
}
