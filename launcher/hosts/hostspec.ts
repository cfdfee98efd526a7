import { isIP, isIPv4, isIPv6 } from 'node:net'
import { expandNodelist, splitList } from './nodelist.ts'
import { Mistake, printable } from './problems.ts'

/** What stands first on a line of a hostfile, or between commas after -H: `['^'] [user '@'] hosts [':' slots]`. */
export interface HostSpec {
  /** Not these hosts. */
  exclude: boolean
  user: string | null
  /** More than one where it is a compressed list. */
  names: string[]
  /** null: not given. */
  slots: number | null
}

/** Throws Mistake. */
export function parseHostSpec(text: string): HostSpec {
  const exclude = text.startsWith('^')
  const start = exclude ? 1 : 0
  const at = text.indexOf('@')
  if (at !== text.lastIndexOf('@')) throw new Mistake(text.lastIndexOf('@'), `more than one '@'`)
  const user = at < 0 ? null : checkUser(text.slice(start, at), start)
  const hostAt = at < 0 ? start : at + 1
  const host = text.slice(hostAt)
  if (host === '') throw new Mistake(hostAt, `a host's name is missing`)
  return { exclude, user, ...shift(hostAt, () => namesAndSlots(host)) }
}

/** A user's name, which must not look like an option to ssh. */
export function checkUser(user: string, at: number): string {
  if (!/^[\w.][\w.$\\+-]*$/.test(user)) throw new Mistake(at, `bad user name '${printable(user)}'`)
  return user
}

function namesAndSlots(text: string): { names: string[]; slots: number | null } {
  if (text.startsWith('[')) return bracketed(text)
  if (isIPv6(text)) {
    checkAmbiguity(text)
    return { names: [text], slots: null }
  }
  const colon = text.lastIndexOf(':')
  if (colon < 0) return { names: namesOf(text), slots: null }
  const host = text.slice(0, colon)
  checkAmbiguity(text)
  const other = host.indexOf(':')
  if (other >= 0) throw new Mistake(other, `'${printable(text)}' is neither a host nor an IPv6 address`)
  return { names: namesOf(host), slots: countOf('slots', text.slice(colon + 1), colon + 1) }
}

/** `::1:4` may be an address, or ::1 with 4 slots. */
function checkAmbiguity(text: string): void {
  const [, address, slots] = /^(.*):(\d+)$/.exec(text) ?? []
  if (address !== undefined && isIPv6(address))
    throw new Mistake(0, `ambiguous IPv6 address; write [${address}]:${slots} or [${text}]`)
}

function bracketed(text: string): { names: string[]; slots: number | null } {
  const close = text.indexOf(']')
  if (close < 0) throw new Mistake(0, `bad range '${printable(text)}': no ']' follows`)
  const address = text.slice(1, close)
  if (!isIPv6(address))
    throw new Mistake(
      0,
      address.includes(':')
        ? `'${printable(address)}' is no IPv6 address`
        : `bad range '${printable(text)}': a name must stand before '['`,
    )
  const rest = text.slice(close + 1)
  if (rest === '') return { names: [address], slots: null }
  if (!rest.startsWith(':')) throw new Mistake(close + 1, `unexpected '${printable(rest)}' after ']'`)
  return { names: [address], slots: countOf('slots', rest.slice(1), close + 2) }
}

function namesOf(text: string): string[] {
  for (const { text: part, at } of splitList(text)) checkName(part.replace(/\[.*?(\]|$)/g, '0'), part, at)
  return expandNodelist(text)
}

/** @param name what of the part stands outside brackets, with a digit for each list. */
function checkName(name: string, part: string, at: number): void {
  if (name === '' || name === ']') return // expandNodelist says it better
  const looksLikeAddress = /^\d+(\.\d+){3}$/.test(name)
  if (looksLikeAddress && !isIPv4(name)) throw new Mistake(at, `'${printable(part)}' is no IPv4 address`)
  if (!/^[A-Za-z0-9_][\w.-]*\]?$/.test(name))
    throw new Mistake(at, `bad host name '${printable(part)}'; letters, digits, '.', '-' and '_' make one`)
}

/** A whole number of at least 1. */
export function countOf(key: string, value: string, at: number): number {
  if (!/^\d+$/.test(value) || Number(value) < 1)
    throw new Mistake(at, `${key} must be a whole number ≥ 1, got '${printable(value)}'`)
  return Number(value)
}

/** An address without the brackets that may stand around IPv6. */
export function checkAddress(value: string, at: number): string {
  const address = value.replace(/^\[(.*)\]$/, '$1')
  if (!isIP(address)) throw new Mistake(at, `addr takes an IP address, got '${printable(value)}'`)
  return address
}

/** Moves the place of a mistake found in a part of the text. */
function shift<T>(by: number, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw error instanceof Mistake ? new Mistake(error.at + by, error.message) : error
  }
}
