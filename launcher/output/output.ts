import type { RunState } from '../../src/base/dashboard.ts'
import type { RankTimes } from '../../src/base/progress.ts'
import { StatusConsole } from '../../src/base/status.ts'
import type { OutputStream } from '../protocol.ts'
import { ranges } from '../showplan.ts'
import { Fold } from './fold.ts'
import { Lines } from './lines.ts'
import { Logs } from './logs.ts'
import { neverBlock } from './neverblock.ts'
import { Pieces } from './pieces.ts'

export interface OutputOptions {
  /** Where each rank runs. */
  hosts: readonly string[]
  /** Show every rank's stdout, and begin each line with who says it. */
  tag: boolean
  timestamp: boolean
  quiet: boolean
  /** Show the steps of the start. */
  verbose: boolean
  /** Called when the ranks have printed more than can be kept without a folder: logInto() it. */
  overflow: () => void
}

/** A line without an end is shown after this long: it may be a question, or a row of dots. */
const PATIENCE = 100 // ms
/** What is kept of what a rank has said without being heard. */
const LAST_WORDS = 4096 // bytes
const LAST_LINES = 10

/** One of a rank's two streams. */
class Channel {
  readonly rank: number
  readonly stream: OutputStream
  readonly pieces = new Pieces()
  readonly lines = new Lines()
  timer: NodeJS.Timeout | null = null

  constructor(rank: number, stream: OutputStream) {
    this.rank = rank
    this.stream = stream
  }
}

/**
 * What ranks print. Every byte goes into the rank's log. On the console: rank 0's stdout as it is, and everybody's
 * stderr in whole tagged lines, where what several ranks say alike is said once.
 */
export class Output {
  readonly #options: OutputOptions
  readonly #status = new StatusConsole()
  readonly #logs: Logs
  readonly #channels = new Map<string, Channel>()
  readonly #fold = new Fold((ranks, text) => this.#print('stderr', this.#tag(ranks), text))
  readonly #advice: string[] = []
  /** Where each rank runs. */
  readonly #hosts: string[]
  #severalHosts: boolean
  /** The first of the ranks that take part: its stdout is the job's. */
  first = 0
  /** The end of each rank's stdout that is not shown. */
  readonly #unheard = new Map<number, Buffer>()

  constructor(options: OutputOptions) {
    this.#options = options
    this.#logs = new Logs(options.hosts.length, options.overflow)
    this.#hosts = [...options.hosts]
    this.#severalHosts = new Set(options.hosts).size > 1
    for (const stream of [process.stdout, process.stderr]) neverBlock(stream)
  }

  /** Bytes of a rank. `done` is called when they have gone out: a reader that is slow slows the ranks down. */
  receive(rank: number, stream: OutputStream, bytes: Buffer, done: () => void): void {
    this.#giveAdvice()
    const channel = this.#channel(rank, stream)
    this.#pass(channel, channel.pieces.push(bytes))
    if (channel.timer) clearTimeout(channel.timer)
    const rest = () => this.#pass(channel, channel.pieces.rest())
    channel.timer = channel.pieces.held > 0 && this.#isRaw(channel) ? setTimeout(rest, PATIENCE) : null
    this.#status.afterWrites(process[stream], done)
  }

  /** A rank has ended: what it has left unfinished is shown. */
  ended(rank: number): void {
    for (const stream of ['stdout', 'stderr'] as const) {
      const channel = this.#channel(rank, stream)
      this.#pass(channel, channel.pieces.rest())
      if (this.#isShown(channel) && !this.#isRaw(channel)) this.#show(channel, channel.lines.end())
    }
  }

  /** A rank runs on another host from now on. */
  moved(rank: number, host: string): void {
    this.#hosts[rank] = host
    this.#severalHosts = true
  }

  /** The launcher's own word on what happens, on stderr. */
  say(text: string): void {
    this.#fold.flush()
    this.#status.line(`${this.#time()}pporun: ${text}`)
  }

  /** With --verbose: a step of the start is done, so many seconds after the launcher's own. */
  step(text: string): void {
    if (this.#options.verbose) this.say(`${(performance.now() / 1000).toFixed(2)} s: ${text}`)
  }

  /** An error as the rank described it: its stack, or one line; also into its log. */
  failure(rank: number, text: string): void {
    this.#fold.flush()
    this.#logs.write(rank, Buffer.from(`${text}\n`))
    this.#status.line(text)
  }

  /** What a rank has to say of a failure that is another's: into its log only. */
  record(rank: number, text: string): void {
    this.#logs.write(rank, Buffer.from(`${text}\n`))
  }

  /** Shows what a rank has printed last, if the console has not shown it. */
  lastWords(rank: number): void {
    const [first, ...rest] = this.#unheard.get(rank)?.toString('utf8').trimEnd().split('\n') ?? []
    if (first === undefined) return
    // The first line may be the end of one.
    this.say(`rank ${rank} printed last:`)
    for (const line of rest.length > 0 ? rest.slice(-LAST_LINES) : [first]) this.#status.line(`  ${line}`)
  }

  /** Something worth knowing once the job really runs: not before the one line that says why it does not. */
  advise(text: string): void {
    this.#advice.push(text)
  }

  /** The newest state of the run, which lives below what is printed; null lets the last one stand. */
  status(state: RunState | null): void {
    this.#giveAdvice()
    if (state === null) this.#status.end()
    else if (!this.#options.quiet) this.#status.status(state)
  }

  /** Where the ranks' time went so far. */
  times(ranks: readonly RankTimes[]): void {
    this.#status.times(ranks)
  }

  /** True if ranks have printed what only a log can show. */
  get hasUnheard(): boolean {
    return this.#unheard.size > 0
  }

  /** Nothing more comes. A job that has completed leaves its last state on the console. */
  end(completed: boolean): void {
    for (const { rank } of this.#channels.values()) this.ended(rank)
    this.#fold.flush()
    this.#status.end(completed)
    if (!this.hasUnheard || this.#options.quiet || this.#logs.folder === null) return
    const who = ranges([...this.#unheard.keys()].sort((a, b) => a - b))
    const ranks = this.#unheard.size === 1 ? 'rank' : 'ranks'
    this.say(`${ranks} ${who} printed too: see ${this.#logs.folder}, or use --tag-output`)
  }

  /** From now on what ranks print goes to `<folder>/logs`, what was kept first. */
  logInto(folder: string): void {
    this.#logs.into(folder)
  }

  #channel(rank: number, stream: OutputStream): Channel {
    const key = `${rank} ${stream}`
    const known = this.#channels.get(key) ?? new Channel(rank, stream)
    this.#channels.set(key, known)
    return known
  }

  #pass(channel: Channel, piece: Buffer): void {
    if (piece.length === 0) return
    this.#logs.write(channel.rank, piece)
    if (!this.#isShown(channel)) this.#keepUnheard(channel.rank, piece)
    else if (this.#isRaw(channel)) this.#status.write(piece, process[channel.stream])
    else this.#show(channel, channel.lines.of(piece))
  }

  /** On the console at all. */
  #isShown({ rank, stream }: Channel): boolean {
    return stream === 'stderr' || rank === this.first || this.#options.tag
  }

  /** Byte for byte, so that `pporun ... > file` is the script's own. */
  #isRaw({ rank, stream }: Channel): boolean {
    const { tag, timestamp, hosts } = this.#options
    return !tag && !timestamp && rank === this.first && (stream === 'stdout' || hosts.length === 1)
  }

  #show({ rank, stream }: Channel, lines: string[]): void {
    const { tag, hosts } = this.#options
    const tagged = tag || (stream === 'stderr' && hosts.length > 1)
    for (const line of lines)
      if (tagged && !tag) this.#fold.add(rank, line)
      else this.#print(stream, tagged ? this.#tag([rank]) : '', line)
  }

  #print(stream: OutputStream, tag: string, line: string): void {
    this.#status.line(`${this.#time()}${tag}${line}`, process[stream])
  }

  #keepUnheard(rank: number, piece: Buffer): void {
    const before = this.#unheard.get(rank) ?? Buffer.alloc(0)
    this.#unheard.set(rank, Buffer.concat([before, piece]).subarray(-LAST_WORDS))
  }

  /** `[3] `; `[3 node2] ` on several hosts; `[0-7 ×8] ` of several ranks. */
  #tag(ranks: number[]): string {
    const host = this.#severalHosts ? ` ${this.#hosts[ranks[0]]}` : ''
    if (ranks.length === 1) return `[${ranks[0]}${host}] `
    return `[${ranges(ranks.toSorted((a, b) => a - b))} ×${ranks.length}] `
  }

  /** Local time, as a log wants it. */
  #time(): string {
    if (!this.#options.timestamp) return ''
    const now = new Date()
    const local = new Date(now.getTime() - now.getTimezoneOffset() * 60_000)
    return `${local.toISOString().replace('T', ' ').slice(0, -1)} `
  }

  #giveAdvice(): void {
    const advice = this.#advice.splice(0)
    if (!this.#options.quiet) for (const text of advice) this.say(text)
  }
}
