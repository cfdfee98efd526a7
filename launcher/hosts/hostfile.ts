import { readFileSync } from 'node:fs'
import { UsageError } from '../../src/base/errors.ts'
import type { Host } from '../plan.ts'
import { type Attributes, parseAttributes } from './attributes.ts'
import type { IsHere } from './here.ts'
import { type HostSpec, parseHostSpec } from './hostspec.ts'
import { MOST_HOSTS, splitList } from './nodelist.ts'
import { Mistake, Problems } from './problems.ts'
import { wordsOf } from './words.ts'

/**
 * Hostfiles, and lists after -H: what Open MPI, Horovod, DeepSpeed, MPICH and Slurm write, and more. The grammar
 * stands in hostfiles/README.md. Nothing is guessed or ignored: what has no meaning is an error with its place.
 */

/** Reads and parses a hostfile; throws UsageError with every mistake in it. */
export function readHostfile(path: string, isHere: IsHere): Host[] {
  return parseHostfile(readText(path), path, isHere)
}

/** @param name of the file, for messages. */
export function parseHostfile(text: string, name: string, isHere: IsHere): Host[] {
  const lines = text.replace(/^\u{feff}/u, '').split(/\r?\n/)
  const problems = new Problems(name, lines)
  const list = new HostList(problems, isHere)
  for (const [i, line] of lines.entries()) {
    const [first, ...rest] = wordsOf(line)
    if (first === undefined) continue
    const spec = problems.collect(i, first.at, () => {
      if (first.spaced || first.text.includes('='))
        throw new Mistake(0, `a host must stand before '${first.text}'`)
      return parseHostSpec(first.text)
    })
    const attributes = parseAttributes(rest, i, problems)
    if (spec) list.add(spec, attributes, { line: i, at: first.at })
  }
  list.exclude()
  problems.throwIfAny()
  if (list.entries.length === 0) throw new UsageError(`${name}: hostfile has no hosts`)
  return list.entries.map(({ host }) => host)
}

/** A host of -H, and the slots that were asked for: null where nothing was said. */
export interface ListedHost {
  host: Host
  asked: number | null
}

/** The value of -H: `a:2,b,node[01-04]:8`. A name that comes twice has two slots. */
export function parseHostList(text: string, isHere: IsHere): ListedHost[] {
  const problems = new Problems('-H', [text])
  const list = new HostList(problems, isHere)
  for (const { text: part, at } of splitList(text)) {
    const spec = problems.collect(0, at, () => parseHostSpec(part.trim()))
    if (spec) list.add(spec, { env: {} }, { line: 0, at })
  }
  list.exclude()
  problems.throwIfAny()
  return list.entries.map(({ host, slotted }) => ({
    host,
    asked: slotted || host.slots > 1 ? host.slots : null,
  }))
}

interface Place {
  line: number
  at: number
}

/** A host as it was met first. */
interface Entry {
  host: Host
  place: Place
  /** It had slots; one that comes again without any has one slot more. */
  slotted: boolean
}

/** Hosts in the order in which they are first named. */
class HostList {
  readonly #problems: Problems
  readonly #isHere: IsHere
  readonly #entries = new Map<string, Entry>()
  readonly #excluded: [name: string, place: Place][] = []

  constructor(problems: Problems, isHere: IsHere) {
    this.#problems = problems
    this.#isHere = isHere
  }

  get entries(): Entry[] {
    return [...this.#entries.values()]
  }

  add(spec: HostSpec, attributes: Attributes, place: Place): void {
    this.#problems.collect(place.line, place.at, () => {
      if (spec.exclude) this.#noteExcluded(spec, attributes, place)
      else
        for (const host of hostsOf(spec, attributes)) this.#addHost(host, isSlotted(spec, attributes), place)
    })
  }

  /** Takes out what `^` lines name: after all others, so that their order does not matter. */
  exclude(): void {
    for (const [name, { line, at }] of this.#excluded) {
      const named = [...this.#entries].filter(([, { host }]) => host.name.toLowerCase() === name)
      if (named.length === 0) this.#problems.add(line, at, `'^${name}' excludes a host that is not named`)
      for (const [key] of named) this.#entries.delete(key)
    }
  }

  #noteExcluded({ names, slots, user }: HostSpec, { env, ...fields }: Attributes, place: Place): void {
    if (slots !== null || user !== null || Object.keys({ ...fields, ...env }).length > 0)
      throw new Mistake(0, `'^' takes a host and nothing else`)
    for (const name of names) this.#excluded.push([name.toLowerCase(), place])
  }

  #addHost(host: Host, slotted: boolean, place: Place): void {
    const isHere = this.#isHere(host.name)
    const key = `${isHere ? 'here' : host.name.toLowerCase()} ${host.port ?? ''}`
    const known = this.#entries.get(key)
    if (known === undefined) {
      if (this.#entries.size === MOST_HOSTS) throw new Mistake(0, `more than ${MOST_HOSTS} hosts`)
      // As another user, or at another port, even this machine is reached by ssh.
      const via = isHere && host.user === null && host.port === null ? 'local' : 'ssh'
      this.#entries.set(key, { host: { ...host, via }, place, slotted })
      return
    }
    const { line, at } = known.place
    const first = line === place.line ? `in column ${at + 1}` : `on line ${line + 1}`
    if (slotted && known.slotted)
      throw new Mistake(0, `host '${host.name}' already has slots=${known.host.slots} ${first}`)
    if (slotted || saysMore(host))
      throw new Mistake(0, `host '${host.name}' is already ${first}; give its attributes there`)
    known.host = { ...known.host, slots: known.host.slots + 1 }
  }
}

const isSlotted = ({ slots }: HostSpec, { slots: given, maxSlots }: Attributes): boolean =>
  slots !== null || given !== undefined || maxSlots !== undefined

/** The hosts of one line. Throws Mistake where its parts contradict each other. */
function hostsOf({ names, user, slots }: HostSpec, given: Attributes): Host[] {
  const { maxSlots, address } = given
  if (slots !== null && given.slots !== undefined)
    throw new Mistake(0, `slots given twice (:${slots} and slots=${given.slots})`)
  if (user !== null && given.user !== undefined)
    throw new Mistake(0, `user given twice (${user}@ and user=${given.user})`)
  if (address !== undefined && names.length > 1)
    throw new Mistake(0, `addr=${address} is one host's; these are ${names.length}`)
  const count = slots ?? given.slots ?? maxSlots ?? 1
  if (maxSlots !== undefined && maxSlots < count)
    throw new Mistake(0, `max_slots=${maxSlots} is less than slots=${count}`)
  return names.map(name => ({
    name,
    via: 'ssh',
    user: user ?? given.user ?? null,
    port: given.port ?? null,
    slots: count,
    maxSlots: maxSlots ?? null,
    address: address ?? null,
    iface: given.iface ?? null,
    gpus: given.gpus ?? 'all',
    env: given.env,
  }))
}

/** More than its name. */
const saysMore = ({ user, address, iface, gpus, env }: Host): boolean =>
  user !== null || address !== null || iface !== null || gpus !== 'all' || Object.keys(env).length > 0

/** A missing file is never taken to mean this machine. */
function readText(path: string): string {
  let bytes: Buffer
  try {
    bytes = readFileSync(path)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new UsageError(`cannot read hostfile '${path}': ${reasons[code ?? ''] ?? message}`)
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new UsageError(`cannot read hostfile '${path}': not UTF-8 text`)
  }
}

const reasons: Record<string, string> = {
  ENOENT: 'no such file',
  EISDIR: 'it is a folder',
  EACCES: 'permission denied',
}
