import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Span, Track } from '../../src/base/trace.ts'

const TRACKS: Record<Track, number> = { phase: 1, call: 2, wait: 3 }
const MICROSECONDS = 1000 // per millisecond

/**
 * All ranks' spans as one Chrome trace (Trace Event Format, JSON array; Perfetto reads it): a process per rank, a thread
 * per kind of span. Written as it comes: what a job that dies leaves behind lacks only the closing bracket, which
 * readers do without.
 */
export class Timeline {
  readonly #start: number = Date.now()
  #path: string | null = null
  #waiting: object[] = []

  /** @param hosts by rank. */
  constructor(hosts: readonly string[]) {
    this.#event({ name: 'start', ph: 'M', pid: 0, args: { unix: this.#start } })
    for (const [rank, host] of hosts.entries()) {
      this.#event({ name: 'process_name', ph: 'M', pid: rank, args: { name: `rank ${rank} (${host})` } })
      this.#event({ name: 'process_sort_index', ph: 'M', pid: rank, args: { sort_index: rank } })
      for (const [name, tid] of Object.entries(TRACKS))
        this.#event({ name: 'thread_name', ph: 'M', pid: rank, tid, args: { name } })
    }
  }

  /** The run has a folder: what has come so far goes there, and what comes. */
  into(folder: string): void {
    if (this.#path !== null) return
    this.#path = join(folder, 'timeline.json')
    const events = this.#waiting
    this.#waiting = []
    writeFileSync(this.#path, `[\n${events.map(event => JSON.stringify(event)).join(',\n')}`)
  }

  /** @param offset of the rank's clock from ours, in milliseconds. */
  add(rank: number, spans: readonly Span[], offset: number): void {
    for (const { track, name, start, end, args = {} } of spans) {
      const at = { ts: (start - offset - this.#start) * MICROSECONDS, dur: (end - start) * MICROSECONDS }
      this.#event({ name, cat: track, ph: 'X', ...at, pid: rank, tid: TRACKS[track], args })
    }
    this.#write()
  }

  end(): void {
    this.#write()
    if (this.#path !== null) appendFileSync(this.#path, '\n]\n')
  }

  #event(event: object): void {
    this.#waiting.push(event)
  }

  #write(): void {
    if (this.#path === null || this.#waiting.length === 0) return
    appendFileSync(this.#path, this.#waiting.map(event => `,\n${JSON.stringify(event)}`).join(''))
    this.#waiting = []
  }
}
