import { UsageError } from '../../src/base/errors.ts'

/** Mistakes in a text that a person wrote: collected, so that all are said at once, each with its place. */

/** One mistake; `at` counts from the start of the text that was being read. */
export class Mistake extends Error {
  readonly at: number

  constructor(at: number, message: string) {
    super(message)
    this.at = at
  }
}

interface Problem {
  line: number
  at: number
  message: string
}

export class Problems {
  readonly #name: string
  readonly #lines: readonly string[]
  readonly #found: Problem[] = []

  /** @param name of the text: a file's path, or the option that it was given to. */
  constructor(name: string, lines: readonly string[]) {
    this.#name = name
    this.#lines = lines
  }

  /** @param line from 0; @param at offset in it. */
  add(line: number, at: number, message: string): void {
    this.#found.push({ line, at, message })
  }

  /** Runs a reader of the part of a line that begins at `start`; undefined if it found a mistake, which is kept. */
  collect<T>(line: number, start: number, read: () => T): T | undefined {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof Mistake)) throw error
      this.add(line, start + error.at, error.message)
      return undefined
    }
  }

  /** Throws a UsageError with every mistake, in the order of the text: `file:line:column: message`, the line, a caret. */
  throwIfAny(): void {
    if (this.#found.length === 0) return
    const sorted = this.#found.toSorted((a, b) => a.line - b.line || a.at - b.at)
    throw new UsageError(sorted.map(problem => this.#describe(problem)).join('\n'))
  }

  #describe({ line, at, message }: Problem): string {
    const text = this.#lines[line]
    const column = [...text.slice(0, at)].length + 1
    return `${this.#name}:${line + 1}:${column}: ${message}\n${quote(text, at)}`
  }
}

/** What is shown of a long line, around the mistake. */
const SHOWN = 72

/** The line and a caret under `at`. Tabs and control characters show as one column each. */
function quote(text: string, at: number): string {
  const start = text.length <= SHOWN ? 0 : Math.max(0, at - SHOWN / 2)
  const shown = text.slice(start, start + SHOWN)
  const [before, after] = [start > 0 ? '…' : '', start + SHOWN < text.length ? '…' : '']
  const indent = ' '.repeat([...before, ...text.slice(start, at)].length)
  return `  ${before}${printable(shown)}${after}\n  ${indent}^`
}

/** Without what a terminal would act upon. */
export function printable(text: string): string {
  return text.replace(/\t/g, ' ').replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\u{fffd}')
}
