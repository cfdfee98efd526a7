import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { UsageError } from '../src/base/errors.ts'
import { checkFolder, makeFolder, nthFolder, reason, writeRunFile } from '../src/base/runfolder.ts'
import type { Cause } from './cause.ts'
import { processStat } from './proc.ts'

interface Run {
  folder: string
  fields: Record<string, unknown>
}

/**
 * The folders of the runs of one job: a script may train more than once. The launcher is the only writer of
 * their run.json; ranks send their fields.
 */
export class Runs {
  readonly #base: string
  readonly #np: number
  readonly #start: number = Date.now()
  readonly #runs: Run[] = []

  constructor(folder: string, np: number) {
    this.#base = folder
    this.#np = np
  }

  /** The folder of the job's `index`th run, made when a rank asks first; every rank gets the same. */
  claim(index: number): { folder: string; isNew: boolean } {
    const known = this.#runs[index]
    if (known) return { folder: known.folder, isNew: false }
    const folder = nthFolder(this.#base, index)
    checkFolder(folder)
    try {
      makeFolder(folder)
    } catch (error) {
      throw new UsageError(`--out ${folder}: ${reason(error)}`)
    }
    this.#runs[index] = { folder, fields: {} }
    this.#write(this.#runs[index], 'running')
    return { folder, isNew: true }
  }

  /** True if the job has written no run so far. */
  get none(): boolean {
    return this.#runs.length === 0
  }

  /** Fields that a rank has to add. Its run is complete when it says so with `status`. */
  add(folder: string, fields: object): void {
    const run = this.#runs.find(run => run.folder === folder)
    if (!run) return
    Object.assign(run.fields, fields)
    this.#write(run, 'running')
  }

  /** The job has ended: a run that has not completed has failed. */
  finish(cause: Cause | null): void {
    for (const run of this.#runs) this.#write(run, cause ? 'failed' : 'completed', cause)
  }

  #write(run: Run, status: string, cause: Cause | null = null): void {
    // A run that was complete stays so, whatever the script did afterwards.
    const complete = run.fields.status === 'completed'
    const fields = {
      status,
      np: this.#np,
      hosts: [hostname()],
      launcher: {
        host: hostname(),
        pid: process.pid,
        startTime: processStat(process.pid)?.startTime ?? null,
      },
      wallSeconds: (Date.now() - this.#start) / 1000,
      ...run.fields,
      ...(cause && !complete ? { cause } : {}),
    }
    if (existsSync(run.folder)) writeRunFile(run.folder, fields)
  }
}
