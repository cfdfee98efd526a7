import { isIP } from 'node:net'
import { Parser } from 'yargs/helpers'
import {
  type AllreduceChoice,
  allreduceChoices,
  exportedVariable,
  failureChoices,
  Limit,
  type OnFailure,
  type Security,
  securityChoices,
  type TransportChoice,
  transportChoices,
} from '../src/base/contract.ts'
import { UsageError } from '../src/base/errors.ts'
import type { Fault } from '../src/base/fault.ts'
import { nearest } from '../src/base/nearest.ts'
import { shellWords, wrongOption } from '../src/base/words.ts'
import { parseFault } from './faultoption.ts'
import { type Launcher, launchers } from './hosts/choose.ts'
import { launchOptions } from './launchoptions.ts'
import { type Mapping, mappings } from './plan.ts'

/** What `pporun [run] [options] SCRIPT [script options]` asks for. */
export interface RunArgs {
  /** null: not given. */
  np: number | null
  hostfile: string | null
  /** -H, joined by commas. */
  host: string | null
  launcher: Launcher
  mapBy: Mapping
  oversubscribe: boolean
  script: string
  scriptArgs: string[]
  out: string | null
  onFailure: OnFailure
  minNp: number
  allreduce: AllreduceChoice
  transport: TransportChoice
  security: Security
  opTimeout: number
  startTimeout: number
  /** Seconds for the whole job; null: no limit. */
  timeout: number | null
  grace: number
  tagOutput: boolean
  timestampOutput: boolean
  quiet: boolean
  verbose: boolean
  timeline: boolean
  dryRun: boolean
  check: boolean
  requireGpu: boolean
  wdir: string | null
  environment: Record<string, string>
  /** The words of --ssh. */
  ssh: string[]
  iface: string | null
  /** First and last port. */
  portRange: [number, number] | null
  /** Back into Slurm's queue when it is ended early. */
  requeue: boolean
  faults: Fault[]
}

/** One option of a command, for parsing, for help and for guessing what was meant. */
export interface Option {
  type: 'string' | 'boolean' | 'array'
  /** What stands for its value in help. */
  value?: string
  describe: string
  /** Among those that `--help` shows. */
  common?: boolean
}

/** Parses what follows `pporun run`; throws UsageError. */
export function parseRun(argv: readonly string[]): RunArgs {
  const parsed = parse(mpiStyle(argv, launchOptions), launchOptions, true)
  const np = whole('-np', parsed.np, 1)
  const [script, ...scriptArgs] = (parsed._ as (string | number)[]).map(String)
  if (script === undefined) throw new UsageError('no script: pporun -np 2 train.ts (or the word train)')
  return {
    np,
    hostfile: text('--hostfile', parsed.hostfile),
    host: list('-H', parsed.host).join(',') || null,
    launcher: oneOf('--launcher', parsed.launcher, launchers) ?? 'auto',
    mapBy: oneOf('--map-by', parsed['map-by'], mappings) ?? 'slot',
    oversubscribe: flag(parsed.oversubscribe),
    script,
    scriptArgs,
    out: text('--out', parsed.out),
    onFailure: oneOf('--on-failure', parsed['on-failure'], failureChoices) ?? 'abort',
    minNp: whole('--min-np', parsed['min-np'], 1) ?? 1,
    ...sums(parsed),
    security: oneOf('--security', parsed.security, securityChoices) ?? 'curve',
    opTimeout: seconds('--op-timeout', parsed['op-timeout']) ?? Limit.operation,
    startTimeout: seconds('--start-timeout', parsed['start-timeout']) ?? Limit.start,
    timeout: seconds('--timeout', parsed.timeout),
    grace: seconds('--grace', parsed.grace) ?? Limit.grace,
    tagOutput: flag(parsed['tag-output']),
    timestampOutput: flag(parsed['timestamp-output']),
    ...loudness(parsed),
    timeline: flag(parsed.timeline),
    dryRun: flag(parsed['dry-run']),
    check: flag(parsed.check),
    requireGpu: flag(parsed['require-gpu']),
    wdir: text('--wdir', parsed.wdir),
    environment: environment(list('-x', parsed.x)),
    iface: network(text('--iface', parsed.iface)),
    portRange: portRange(text('--port-range', parsed['port-range'])),
    ssh: shellWords('--ssh', text('--ssh', parsed.ssh) ?? 'ssh'),
    requeue: flag(parsed.requeue),
    faults: list('--fault', parsed.fault).map(parseFault),
  }
}

const short: Partial<Record<string, string>> = { '-np': 'np', '-n': 'np', '-H': 'host' }

/** MPI users write `-np 8`, which other parsers read as `-n -p 8`; only what stands before the first bare word is touched. */
export function mpiStyle(argv: readonly string[], options: Record<string, Option>): string[] {
  return argv.map((word, i) => {
    const before = argv.slice(0, i)
    if (!before.every((w, j) => w.startsWith('-') || takesValue(before[j - 1], options))) return word
    return word.replace(/^-np?(?==|$)/, '--np').replace(/^-H(?==|$)/, '--host')
  })
}

function takesValue(option: string | undefined, options: Record<string, Option>): boolean {
  if (option === undefined || option.includes('=')) return false
  const name = short[option] ?? option.replace(/^--?/, '')
  return Object.hasOwn(options, name) && options[name].type !== 'boolean'
}

/** Parses words into options and `_`, the rest; with `halt` everything from the first word on is rest. Throws UsageError. */
export function parse(
  argv: readonly string[],
  options: Record<string, Option>,
  halt: boolean,
): Record<string, unknown> {
  const entries = Object.entries(options)
  const takesValue = Object.fromEntries(entries.map(([name, { type }]) => [name, type !== 'boolean']))
  const wrong = wrongOption(argv, takesValue, halt)
  if (wrong) throw new UsageError(wrong)
  const namesOf = (...types: Option['type'][]) =>
    entries.filter(([, { type }]) => types.includes(type)).map(([name]) => name)
  return Parser([...argv], {
    string: namesOf('string', 'array'),
    boolean: namesOf('boolean'),
    array: namesOf('array'),
    configuration: {
      'halt-at-non-option': halt,
      'camel-case-expansion': false,
      'parse-positional-numbers': false,
      'greedy-arrays': false,
      'boolean-negation': false,
    },
  })
}

export const flag = (given: unknown): boolean => last(given) === true

/** Of an option that was given twice the last value counts. */
const last = (value: unknown): unknown => (Array.isArray(value) ? value.at(-1) : value)

export function text(option: string, given: unknown): string | null {
  if (given === undefined) return null
  const value = last(given)
  if (typeof value !== 'string' || value === '') throw new UsageError(`${option} needs a value`)
  return value
}

/** How sums are made: shared memory has a way of its own. */
function sums(parsed: Record<string, unknown>): Pick<RunArgs, 'allreduce' | 'transport'> {
  const allreduce = oneOf('--allreduce', parsed.allreduce, allreduceChoices) ?? 'auto'
  const transport = oneOf('--transport', parsed.transport, transportChoices) ?? 'auto'
  const inMemory = allreduce === 'auto' || allreduce === 'hierarchical'
  if (transport === 'zmq' && allreduce === 'hierarchical')
    throw new UsageError('--allreduce hierarchical adds up in shared memory; leave out --transport zmq')
  if (transport === 'shm' && !inMemory)
    throw new UsageError(`--allreduce ${allreduce} goes over sockets; leave out --transport shm`)
  return { allreduce, transport }
}

function loudness(parsed: Record<string, unknown>): Pick<RunArgs, 'quiet' | 'verbose'> {
  const [quiet, verbose] = [flag(parsed.quiet), flag(parsed.verbose)]
  if (quiet && verbose) throw new UsageError('--quiet and --verbose: one or the other')
  return { quiet, verbose }
}

export function oneOf<T extends string>(option: string, given: unknown, choices: readonly T[]): T | null {
  const word = text(option, given)
  if (word === null) return null
  const choice = choices.find(choice => choice === word)
  if (choice !== undefined) return choice
  const close = nearest(word, choices)
  const all = `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`
  throw new UsageError(`${option} takes ${all}, got '${word}'${close ? `; did you mean ${close}?` : ''}`)
}

export function whole(option: string, value: unknown, least: number): number | null {
  const word = text(option, value)
  if (word === null) return null
  if (!/^\d+$/.test(word) || Number(word) < least)
    throw new UsageError(`${option} takes a whole number of at least ${least}, got '${word}'`)
  return Number(word)
}

function seconds(option: string, value: unknown): number | null {
  const word = text(option, value)
  if (word === null) return null
  if (!/^\d+(\.\d+)?$/.test(word) || Number(word) <= 0)
    throw new UsageError(`${option} takes a number of seconds above 0, got '${word}'`)
  return Number(word)
}

/** An interface's name, or a network as 10.0.0.0/8. */
function network(given: string | null): string | null {
  const [address, bits, more] = given?.split('/') ?? []
  const longest = { 0: -1, 4: 32, 6: 128 }[isIP(address ?? '')]!
  const isNetwork = /^\d+$/.test(bits ?? '') && Number(bits) <= longest && more === undefined
  if (given === null || isNetwork || /^[^\s/]{1,15}$/.test(given)) return given
  throw new UsageError(
    `--iface takes an interface's name or a network such as 10.1.0.0/16 or fd00::/8, got '${given}'`,
  )
}

function portRange(given: string | null): [number, number] | null {
  if (given === null) return null
  const [first, last] = (/^(\d+)-(\d+)$/.exec(given) ?? []).slice(1).map(Number)
  if (!(first >= 1 && first <= last && last <= 65_535))
    throw new UsageError(`--port-range takes A-B, two ports of 1 to 65535, got '${given}'`)
  return [first, last]
}

function list(option: string, given: unknown): string[] {
  if (given === undefined) return []
  const words = [given].flat() as string[]
  if (words.length === 0 || words.includes('')) throw new UsageError(`${option} needs a value`)
  return words
}

/** Without a value a variable is passed on as it is here. */
function environment(words: string[]): Record<string, string> {
  const pairs = words.map(word => {
    if (!/^[A-Za-z_]\w*(=|$)/.test(word)) throw new UsageError(`-x takes NAME or NAME=VALUE, got '${word}'`)
    const at = word.indexOf('=')
    if (at >= 0) return [word.slice(0, at), word.slice(at + 1)]
    const value = exportedVariable(word)
    if (value === undefined) throw new UsageError(`-x ${word}: is not set here; write -x ${word}=VALUE`)
    return [word, value]
  })
  return Object.fromEntries(pairs)
}
