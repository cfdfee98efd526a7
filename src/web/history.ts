import { closeSync, existsSync, openSync, readSync } from 'node:fs'
import { StringDecoder } from 'node:string_decoder'
import type { Metrics } from '../log/logger.ts'

const CHUNK = 1 << 20

/**
 * The metrics of a run, column by column, read from metrics.jsonl as far as it has been written; `read()` goes on from
 * there. A line that is no JSON (a full disk, a lost host) is left out. After a resume a run repeats updates: the
 * newest of each counts.
 */
export class History {
  /** Names of the columns, in the order of their appearance. */
  readonly names: string[] = []
  readonly #path: string
  readonly #columns = new Map<string, (number | null)[]>()
  readonly #decoder = new StringDecoder('utf8')
  #length = 0
  #offset = 0
  #rest = ''

  constructor(path: string) {
    this.#path = path
  }

  /** Updates. */
  get length(): number {
    return this.#length
  }

  /** Of all updates, [length]; null where there is no number. */
  column(name: string): readonly (number | null)[] {
    return this.#columns.get(name) ?? Array<null>(this.#length).fill(null)
  }

  /** The newest number of a column that there is. */
  last(name: string): number | null {
    return this.column(name).findLast(value => value !== null) ?? null
  }

  /** Takes in what has been written since; true if that was an update at least. */
  read(): boolean {
    if (!existsSync(this.#path)) return false
    const before = this.#length
    const file = openSync(this.#path, 'r')
    const chunk = Buffer.alloc(CHUNK)
    for (let n = readSync(file, chunk, 0, CHUNK, this.#offset); n > 0; ) {
      this.#offset += n
      this.#take(this.#decoder.write(chunk.subarray(0, n)))
      n = readSync(file, chunk, 0, CHUNK, this.#offset)
    }
    closeSync(file)
    return this.#length !== before
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) {
      const update = parse(line)
      if (update) this.#add(update)
    }
  }

  #add(update: Metrics): void {
    const number = update.update ?? null
    const updates = this.#columns.get('update')
    while (number !== null && updates && this.#length > 0 && (updates[this.#length - 1] ?? 0) >= number)
      this.#drop()
    for (const name of Object.keys(update)) {
      if (this.#columns.has(name)) continue
      this.names.push(name)
      this.#columns.set(name, Array<null>(this.#length).fill(null))
    }
    for (const [name, column] of this.#columns) column.push(update[name] ?? null)
    this.#length++
  }

  #drop(): void {
    for (const column of this.#columns.values()) column.pop()
    this.#length--
  }
}

function parse(line: string): Metrics | null {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? (value as Metrics) : null
  } catch {
    return null
  }
}
