/**
 * A console on which one line lives: on a terminal it is redrawn in place below the other output, elsewhere
 * it is printed as a plain line now and then.
 */
const EVERY = 10_000 // ms between plain lines
const REDRAW = 100 // ms between redraws
const NEWLINE = 0x0a

export class StatusLine {
  readonly #stream: NodeJS.WriteStream
  #shown = ''
  #last = 0
  #pending: string | null = null
  /** The stream whose newest line has no end yet. */
  #open: NodeJS.WriteStream | null = null

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream
  }

  /** Shows the newest state. */
  update(text: string): void {
    const now = Date.now()
    if (now - this.#last < (this.#stream.isTTY ? REDRAW : EVERY)) {
      this.#pending = text
      return
    }
    this.#last = now
    this.#pending = null
    if (this.#stream.isTTY) this.#draw(text)
    else this.#stream.write(`${text}\n`)
  }

  /** Writes a whole line above the living one. */
  line(text: string, stream: NodeJS.WriteStream = this.#stream): void {
    const shown = this.#shown
    this.#erase()
    if (this.#open && (this.#open === stream || (this.#open.isTTY && stream.isTTY))) this.#open.write('\n')
    this.#open = null
    stream.write(`${text}\n`)
    if (shown) this.#draw(shown)
  }

  /** Writes bytes above the living line as they are; what ends without a newline goes on with the next write. */
  write(bytes: Uint8Array, stream: NodeJS.WriteStream): void {
    const shown = this.#shown
    this.#erase()
    stream.write(bytes)
    this.#open = bytes.at(-1) === NEWLINE ? null : stream
    if (shown) this.#draw(shown)
  }

  /** Calls back when everything written to a stream so far has gone out, or will never. */
  afterWrites(stream: NodeJS.WriteStream, done: () => void): void {
    if (stream.writableLength === 0) done()
    else stream.write('', () => done())
  }

  /** Starts a new line; `showLast` brings a state that was still to be shown onto the screen before. */
  end(showLast = true): void {
    if (showLast && this.#pending !== null) {
      if (this.#stream.isTTY) this.#draw(this.#pending)
      else this.#stream.write(`${this.#pending}\n`)
    }
    if (this.#shown) this.#stream.write('\n')
    this.#shown = ''
    this.#pending = null
  }

  #draw(text: string): void {
    if (this.#open?.isTTY) return // would be drawn behind an unfinished line
    // A line that wraps could not be redrawn in place.
    const width = Math.max(20, (this.#stream.columns ?? 80) - 1)
    this.#shown = text.length > width ? `${text.slice(0, width - 1)}…` : text
    this.#stream.write(`\r\x1b[2K${this.#shown}`)
  }

  #erase(): void {
    if (this.#shown) this.#stream.write('\r\x1b[2K')
    this.#shown = ''
  }
}
