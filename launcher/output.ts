import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeFolder } from '../src/base/runfolder.ts'
import { StatusLine } from '../src/base/terminal.ts'

/** Lines that a rank may print before its run has a folder; the oldest go first. */
const KEPT_LINES = 10_000

/**
 * What ranks print: whole lines to the console, tagged when asked, and to logs/rank.R.log once the run has a
 * folder; until then they wait in memory, since nothing may be written before train() has accepted it.
 */
export class Output {
  readonly #tag: boolean
  readonly #quiet: boolean
  readonly #status: StatusLine = new StatusLine(process.stderr)
  readonly #kept = new Map<number, string[]>()
  #logs: string | null = null
  readonly #advice: string[] = []

  constructor(options: { tag: boolean; quiet: boolean }) {
    this.#tag = options.tag
    this.#quiet = options.quiet
  }

  /** A line of a rank. */
  rankLine(rank: number, stream: 'stdout' | 'stderr', text: string): void {
    this.#giveAdvice()
    this.#log(rank, text)
    this.#status.line(this.#tag ? `[${rank}] ${text}` : text, process[stream])
  }

  /** The launcher's own word on what happens, on stderr. */
  say(text: string): void {
    this.#status.line(`pporun: ${text}`)
  }

  /** An error as the rank described it: its stack, or one line; also into its log. */
  failure(rank: number, text: string): void {
    this.#log(rank, text)
    this.#status.line(text)
  }

  /** What a rank has to say of a failure that is another's: into its log only. */
  record(rank: number, text: string): void {
    this.#log(rank, text)
  }

  /** Something worth knowing once the job really runs: not before the one line that says why it does not. */
  advise(text: string): void {
    this.#advice.push(text)
  }

  /** The newest state of the run, as one living line; null leaves the last one standing. */
  status(text: string | null): void {
    this.#giveAdvice()
    if (text === null) this.#status.end()
    else if (!this.#quiet) this.#status.update(text)
  }

  /** Nothing more comes. A job that has completed leaves its last state on the console. */
  end(completed: boolean): void {
    this.#status.end(completed)
  }

  /** From now on lines go to `<folder>/logs`, the kept ones first. */
  logInto(folder: string, np: number): void {
    this.#logs = join(folder, 'logs')
    makeFolder(this.#logs)
    for (let rank = 0; rank < np; rank++)
      this.#append(rank, (this.#kept.get(rank) ?? []).map(line => `${line}\n`).join(''))
    this.#kept.clear()
  }

  #giveAdvice(): void {
    const advice = this.#advice.splice(0)
    if (!this.#quiet) for (const text of advice) this.say(text)
  }

  #log(rank: number, text: string): void {
    if (this.#logs !== null) {
      this.#append(rank, `${text}\n`)
      return
    }
    const lines = this.#kept.get(rank) ?? []
    lines.push(text)
    if (lines.length > KEPT_LINES) lines.shift()
    this.#kept.set(rank, lines)
  }

  #append(rank: number, text: string): void {
    try {
      appendFileSync(join(this.#logs!, `rank.${rank}.log`), text)
    } catch {
      // A full disk must not end the training: the line is on the console.
    }
  }
}
