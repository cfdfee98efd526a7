import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { processStat } from './proc.ts'
import { writeAtomically } from './runfolder.ts'

/** Who writes a run's run.json while it runs; pid and start time name one process of the host for ever. */
export interface Launcher {
  host: string
  pid: number
  startTime: string | null
}

/** False if the launcher was on this machine and has gone; elsewhere it is believed. */
export function isRunning({ host, pid, startTime }: Launcher): boolean {
  if (host !== hostname() || startTime === null) return true
  return processStat(pid)?.startTime === startTime
}

/** How a job has got over a loss, as run.json records it. */
export interface Recovery {
  /** Seconds since the launch. */
  at: number
  /** The one that training went on after. */
  update: number
  /** Empty: others joined. */
  lost: { rank: number; host: string; what: string }[]
  /** Ranks that have gone on. */
  np: number
  /** From the last update that was complete before to the next. */
  seconds: number
}

/** run.json of one run: what is known so far, rewritten whenever more is. The job's launcher, or a job of one, writes it. */
export class RunFile {
  readonly folder: string
  readonly #np: number
  readonly #start: number = Date.now()
  readonly #fields: Record<string, unknown> = {}
  #silent: boolean
  #warned = false

  /** @param isOld the run goes on: its file stays as it is until there is something to add. */
  constructor(folder: string, np: number, isOld = false) {
    this.folder = folder
    this.#np = np
    this.#silent = isOld
    this.#write()
  }

  /** What ranks have told so far. */
  get fields(): Readonly<Record<string, unknown>> {
    return this.#fields
  }

  /** Fields that a rank has to add; with `status`, completed or preempted, the run has ended. */
  add(fields: object): void {
    this.#silent = false
    Object.assign(this.#fields, fields)
    this.#write()
  }

  /** The job has ended. A run that had ended by then stays as it was, whatever the script did afterwards. */
  end(status: 'completed' | 'failed', cause: object | null): void {
    const own = this.#fields.status
    if (own !== 'completed') Object.assign(this.#fields, { status: own ?? status, ...(cause && { cause }) })
    this.#write()
  }

  #write(): void {
    // A folder that somebody has removed meanwhile is not made again.
    if (this.#silent || !existsSync(this.folder)) return
    const host = hostname()
    const { pid } = process
    const fields = {
      status: 'running',
      np: this.#np,
      hosts: [host],
      // While it runs: whose death would leave this file behind.
      launcher: { host, pid, startTime: processStat(pid)?.startTime ?? null } satisfies Launcher,
      wallSeconds: (Date.now() - this.#start) / 1000,
      ...this.#fields,
    }
    const path = join(this.folder, 'run.json')
    try {
      writeAtomically(path, `${JSON.stringify(fields, null, 2)}\n`)
    } catch (error) {
      // A full disk ends no job; the old text stays.
      if (!this.#warned)
        process.stderr.write(`pporun: warning: ${path} not written: ${(error as Error).message}\n`)
      this.#warned = true
    }
  }
}
