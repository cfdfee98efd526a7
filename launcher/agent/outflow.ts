import type { Writable } from 'node:stream'
import { type OutputStream, outputMessage, writeLine } from '../protocol.ts'

/** With more than this on its way from the ranks to the console and the logs, they have to wait. */
const MOST_UNHEARD = 1 << 20 // bytes

/**
 * What ranks print, on its way to the launcher. A console, or a network, that takes its time: the ranks' pipes fill up,
 * and then they wait as for any reader.
 */
export class Outflow {
  readonly #output: Writable
  readonly #hold: (hold: boolean) => void
  /** Bytes that the launcher has not taken yet. */
  #unheard = 0
  #gaveUp = false
  #held = false

  /** @param hold told whether ranks' output is to be left in their pipes. */
  constructor(output: Writable, hold: (hold: boolean) => void) {
    this.#output = output
    this.#hold = hold
  }

  print(rank: number, stream: OutputStream, bytes: Buffer): void {
    writeLine(this.#output, outputMessage(rank, stream, bytes))
    this.#unheard += bytes.length
    this.#look()
  }

  heard(bytes: number): void {
    this.#unheard -= bytes
    this.#look()
  }

  /** Nobody is there to take it. */
  giveUp(): void {
    this.#gaveUp = true
    this.#look()
  }

  /** Nothing is on its way that somebody waits for. */
  get isDone(): boolean {
    return this.#unheard <= 0 || this.#gaveUp
  }

  #look(): void {
    const hold = this.#unheard > MOST_UNHEARD && !this.#gaveUp
    if (hold === this.#held) return
    this.#held = hold
    this.#hold(hold)
  }
}
