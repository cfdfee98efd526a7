import { clip, widthOf } from './ansi.ts'
import { isDumbTerminal } from './contract.ts'

/** Milliseconds between redraws on a terminal; what is printed in between is written together. */
const REDRAW = 100
const GATHER = 30
/** Between plain lines elsewhere: at first this, later a twentieth of the time so far. */
const EVERY = 10_000
const LATER = 20
const NEWLINE = 0x0a

/** What lives below the other output. */
export interface Living {
  /** As it is now, for a terminal of this size. */
  lines(columns: number, rows: number): string[]
  /** The same as one line, for a log. */
  line(): string
}

/** Something printed. */
interface Print {
  bytes: Uint8Array
  stream: NodeJS.WriteStream
  /** It begins on a line of its own. */
  fresh: boolean
}

/**
 * A console on which some lines live: on a terminal they are redrawn in place below what else is printed, which stays;
 * elsewhere a plain line is printed now and then.
 */
export class LiveConsole {
  readonly #stream: NodeJS.WriteStream
  readonly #living: Living
  readonly #onTerminal: boolean
  readonly #begin: number = Date.now()
  #drawn: string[] = []
  #last = 0
  /** The newest state has not been shown. */
  #stale = false
  #gathered: Print[] = []
  #afterGathered: (() => void)[] = []
  #timer: NodeJS.Timeout | null = null
  /** The stream whose newest line has no end yet. */
  #open: NodeJS.WriteStream | null = null
  readonly #resized = (): void => this.#redraw()

  constructor(stream: NodeJS.WriteStream, living: Living) {
    this.#stream = stream
    this.#living = living
    this.#onTerminal = stream.isTTY === true && !isDumbTerminal()
  }

  /** What lives has changed. */
  refresh(): void {
    this.#stale = true
    const wait = this.#onTerminal ? REDRAW : Math.max(EVERY, (Date.now() - this.#begin) / LATER)
    const takes = this.#stream.writableLength === 0 // no after Ctrl-S
    if (takes && Date.now() - this.#last >= wait) this.#show()
  }

  /** Writes a whole line above the living ones. */
  line(text: string, stream: NodeJS.WriteStream = this.#stream): void {
    this.#print({ bytes: Buffer.from(`${text}\n`), stream, fresh: true })
  }

  /** Writes bytes above the living lines as they are; what ends without a newline goes on with the next write. */
  write(bytes: Uint8Array, stream: NodeJS.WriteStream): void {
    if (bytes.length > 0) this.#print({ bytes, stream, fresh: false })
  }

  /** Calls back when everything written to a stream so far has gone out, or will never. */
  afterWrites(stream: NodeJS.WriteStream, done: () => void): void {
    if (this.#gathered.length > 0) this.#afterGathered.push(() => this.afterWrites(stream, done))
    else if (stream.writableLength === 0) done()
    else stream.write('', () => done())
  }

  /** Lets the lines stand where they are; `showLast` brings a state that was still to be shown there before. */
  end(showLast = true): void {
    if (showLast && this.#stale) this.#show()
    else if (this.#gathered.length > 0) this.#redraw()
    if (this.#drawn.length > 0) this.#stream.write('\n')
    this.#stream.off('resize', this.#resized)
    this.#drawn = []
    this.#stale = false
  }

  #print(print: Print): void {
    if (this.#drawn.length === 0 || !print.stream.isTTY) {
      this.#out(print)
      return
    }
    this.#gathered.push(print)
    this.#timer ??= setTimeout(() => this.#redraw(), GATHER)
  }

  #out({ bytes, stream, fresh }: Print): void {
    if (fresh && this.#open && (this.#open === stream || (this.#open.isTTY && stream.isTTY)))
      this.#open.write('\n')
    stream.write(bytes)
    this.#open = bytes.at(-1) === NEWLINE ? null : stream
  }

  #show(): void {
    this.#last = Date.now()
    if (this.#onTerminal) this.#redraw()
    else {
      this.#stale = false
      this.#stream.write(`${this.#living.line()}\n`)
    }
  }

  /** Erases, writes what was gathered, draws: as one update where the terminal knows that (mode 2026), so nothing flickers. */
  #redraw(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
    // Asked now: `columns` is as old as the last SIGWINCH that has been handled.
    const [columns, rows] = this.#stream.getWindowSize()
    this.#stream.write(`\x1b[?2026h${this.#erasure(columns)}`)
    for (const print of this.#gathered.splice(0)) this.#out(print)
    // Behind an unfinished line there is no place to draw.
    const lines = this.#open?.isTTY ? [] : this.#living.lines(columns - 1, rows - 1)
    if (this.#drawn.length === 0 && lines.length > 0) this.#stream.on('resize', this.#resized)
    if (lines.length === 0) this.#stream.off('resize', this.#resized)
    else this.#stale = false
    // A line that wraps could not be redrawn in place; the last column makes some terminals wrap.
    this.#drawn = lines.map(line => clip(line, columns - 1))
    this.#stream.write(`${this.#drawn.join('\n')}\x1b[?2026l`)
    for (const then of this.#afterGathered.splice(0)) then()
  }

  /**
   * Back to where the first living line begins, row by row: what is erased at once from the first row on, some terminals
   * keep as history. A narrower terminal has wrapped what was drawn on a wider one.
   */
  #erasure(columns: number): string {
    const rows = this.#drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(widthOf(line) / columns)), 0)
    return rows === 0 ? '' : `\r${Array(rows).fill('\x1b[2K').join('\x1b[A')}`
  }
}
