import { nearest } from '../../src/base/nearest.ts'
import { checkAddress, checkUser, countOf } from './hostspec.ts'
import { Mistake, type Problems, printable } from './problems.ts'
import type { Word } from './words.ts'

/** What may follow a host on its line. */
export interface Attributes {
  slots?: number
  maxSlots?: number
  port?: number
  user?: string
  address?: string
  iface?: string
  gpus?: 'all' | readonly string[]
  env: Record<string, string>
}

type Field = Exclude<keyof Attributes, 'env'>

/** Open MPI's, DeepSpeed's and our own words for each. */
const fields: Record<string, Field> = {
  slots: 'slots',
  ...{ cpu: 'slots', count: 'slots', np: 'slots' },
  max_slots: 'maxSlots',
  ...{ 'max-slots': 'maxSlots', slots_max: 'maxSlots', 'slots-max': 'maxSlots' },
  port: 'port',
  user: 'user',
  username: 'user',
  addr: 'address',
  iface: 'iface',
  gpus: 'gpus',
}

/** Reads the words after a host; what is wrong goes to `problems`. */
export function parseAttributes(words: readonly Word[], line: number, problems: Problems): Attributes {
  const found: Attributes = { env: {} }
  const given = new Map<string, string>() // field or variable, as it was written
  for (const word of words) problems.collect(line, word.at, () => readAttribute(word, found, given))
  return found
}

function readAttribute(word: Word, found: Attributes, given: Map<string, string>): void {
  const { text } = word
  const equals = text.indexOf('=')
  if (equals < 0) throw new Mistake(0, unexpected(text))
  if (word.spaced) throw new Mistake(0, `unexpected white space around '='; write ${printable(text)}`)
  const key = text.slice(0, equals)
  const variable = /^env\.(.*)$/.exec(key)?.[1]
  if (variable === undefined && !Object.hasOwn(fields, key)) throw new Mistake(0, unknownKey(key))
  const value = unquote(text.slice(equals + 1), key, equals + 1)
  const earlier = given.get(variable ?? fields[key])
  if (earlier !== undefined)
    throw new Mistake(0, `${printable(key)} given twice (${printable(earlier)} and ${printable(text)})`)
  given.set(variable ?? fields[key], text)
  if (variable !== undefined) found.env[checkVariable(variable)] = value
  else Object.assign(found, { [fields[key]]: readers[fields[key]](key, value, equals + 1) })
}

const readers: Record<Field, (key: string, value: string, at: number) => Attributes[Field]> = {
  slots: countOf,
  maxSlots: countOf,
  port: portOf,
  user: (_, value, at) => checkUser(value, at),
  address: (_, value, at) => checkAddress(value, at),
  iface: interfaceOf,
  gpus: gpusOf,
}

function unexpected(text: string): string {
  return /^\d+$/.test(text)
    ? `unexpected '${text}'; did you mean slots=${text}?`
    : `unexpected '${printable(text)}'; a line has one host and its attributes`
}

function unknownKey(key: string): string {
  const close = nearest(key, [...Object.keys(fields), 'env.NAME'])
  return `unknown key '${printable(key)}'${close ? `; did you mean '${close}'?` : ''}`
}

function unquote(value: string, key: string, at: number): string {
  if (value === '') throw new Mistake(at, `${key} needs a value`)
  if (!value.startsWith('"')) return value
  const end = value.indexOf('"', 1)
  if (end < 0) throw new Mistake(at, `the quote is not closed`)
  if (end < value.length - 1) throw new Mistake(at + end + 1, `unexpected text after the closing quote`)
  return value.slice(1, -1)
}

function portOf(_: string, value: string, at: number): number {
  if (!/^\d+$/.test(value) || Number(value) < 1 || Number(value) > 65_535)
    throw new Mistake(at, `port takes a number from 1 to 65535, got '${printable(value)}'`)
  return Number(value)
}

/** Linux: up to 15 bytes, no slash. */
function interfaceOf(_: string, value: string, at: number): string {
  if (!/^[\w.:@-]{1,15}$/.test(value))
    throw new Mistake(at, `iface takes the name of a network interface, got '${printable(value)}'`)
  return value
}

const device = /^(\d+|(GPU|MIG)-[\w/-]+)$/

/** `all`, `none`, how many, or which (`0,2`). */
function gpusOf(_: string, value: string, at: number): 'all' | string[] {
  if (value === 'all') return 'all'
  if (value === 'none') return []
  if (value === '0') throw new Mistake(at, `gpus=0: write gpus=none, or gpus=1 for the first device`)
  if (/^\d{1,3}$/.test(value)) return Array.from({ length: Number(value) }, (_, i) => String(i))
  const devices = value.split(',')
  if (!devices.every(name => device.test(name)))
    throw new Mistake(at, `gpus takes all, none, a number or a list as in 0,2; got '${printable(value)}'`)
  const twice = devices.find((name, i) => devices.indexOf(name) < i)
  if (twice !== undefined) throw new Mistake(at, `gpus names device ${twice} twice`)
  return devices
}

function checkVariable(name: string): string {
  if (!/^[A-Za-z_]\w*$/.test(name)) throw new Mistake(0, `bad variable name '${printable(name)}'`)
  return name
}
