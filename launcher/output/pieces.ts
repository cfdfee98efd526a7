/** A line longer than this is passed on in parts, so that output without a newline needs no endless memory. */
const LONGEST_LINE = 64 * 1024

const NEWLINE = 0x0a
const NOTHING = Buffer.alloc(0)

/** A stream's bytes as they can be passed on: whole lines together, the rest when it gets too long or is asked for. */
export class Pieces {
  #held: Buffer[] = []
  #bytes = 0

  /** Bytes that wait for the end of their line. */
  get held(): number {
    return this.#bytes
  }

  /** Returns what is complete with this chunk, in order and unchanged; empty if nothing is. */
  push(chunk: Buffer): Buffer {
    const end = this.#bytes + chunk.length > LONGEST_LINE ? chunk.length : chunk.lastIndexOf(NEWLINE) + 1
    if (end === 0) {
      this.#hold(chunk)
      return NOTHING
    }
    const piece = Buffer.concat([...this.#held, chunk.subarray(0, end)])
    this.#held = []
    this.#bytes = 0
    if (end < chunk.length) this.#hold(chunk.subarray(end))
    return piece
  }

  /** Returns what is held: the stream has ended, or has been silent for a while. */
  rest(): Buffer {
    const piece = Buffer.concat(this.#held)
    this.#held = []
    this.#bytes = 0
    return piece
  }

  #hold(chunk: Buffer): void {
    this.#held.push(chunk)
    this.#bytes += chunk.length
  }
}
