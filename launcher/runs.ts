import type { Strays } from '../src/base/control.ts'
import type { RankTimes } from '../src/base/progress.ts'
import { type Recovery, RunFile } from '../src/base/runfile.ts'
import { claimFolder } from '../src/base/runfolder.ts'
import type { Cause } from './job/cause.ts'
import type { Timeline } from './job/timeline.ts'

/** Milliseconds between two times that run.json says where the ranks' time went. */
const EVERY = 5000

interface Claimed {
  folder: string
  isNew: boolean
  /** What the run came to, if it has completed in this job. */
  result: object | null
}

/**
 * The runs of one job: a script may train more than once. The launcher is the only writer of their run.json;
 * ranks send their fields.
 */
export class Runs {
  readonly #out: string | null
  readonly #script: string
  readonly #np: number
  readonly #runs: RunFile[] = []
  /** Of the whole job, in the folder of its first run. */
  readonly timeline: Timeline | null
  readonly #recoveries: Recovery[] = []
  readonly #strays: Strays = { connections: 0, messages: 0 }
  readonly #times: (RankTimes | undefined)[] = []
  #written = Number.NEGATIVE_INFINITY

  /** @param out the folder that the user named, or null. */
  constructor(out: string | null, script: string, np: number, timeline: Timeline | null = null) {
    this.timeline = timeline
    this.#out = out
    this.#script = script
    this.#np = np
  }

  /**
   * The folder of the job's `index`th run, made when a rank asks first; every rank gets the same. Throws
   * UsageError if it cannot be used.
   */
  claim(index: number, resume: string | null = null): Claimed {
    const known = this.#runs[index]
    if (known) {
      const { folder, fields } = known
      return { folder, isNew: false, result: fields.status === 'completed' ? fields : null }
    }
    const base = this.#out ?? this.#runs[0]?.folder
    const { folder, isOld } = claimFolder(base, index, this.#script, resume)
    this.#runs[index] = new RunFile(folder, this.#np, isOld)
    this.timeline?.into(folder)
    return { folder, isNew: true, result: null }
  }

  /** True if the job has written no run so far. */
  get none(): boolean {
    return this.#runs.length === 0
  }

  get folders(): string[] {
    return this.#runs.map(({ folder }) => folder)
  }

  /** Fields that a rank has to add to the run in `folder`. */
  add(folder: string, fields: object): void {
    this.#runs.find(run => run.folder === folder)?.add(fields)
  }

  /** What a rank has dropped. */
  dropped({ connections, messages }: Strays): void {
    this.#strays.connections += connections
    this.#strays.messages += messages
  }

  /** All that was dropped, as a line for people; null if nothing was. */
  get strays(): string | null {
    const { connections, messages } = this.#strays
    if (connections + messages === 0) return null
    return `dropped what was not this job's: connections: ${connections}, messages: ${messages}`
  }

  /**
   * Where the time of some ranks went so far; it counts for the job's newest run. Returns what is known of all ranks.
   */
  times(ranks: readonly Omit<RankTimes, 'device'>[]): RankTimes[] {
    const run = this.#runs.at(-1)
    const device = (run?.fields.device as string | undefined) ?? null
    for (const times of ranks) this.#times[times.rank] = { ...times, device }
    const known = this.#times.filter(times => times !== undefined)
    const now = performance.now()
    if (now - this.#written > EVERY) {
      this.#written = now
      this.#addTimes()
    }
    return known
  }

  /** Training has gone on after a loss, or a change of its ranks; in the newest run. */
  recovered(recovery: Recovery): void {
    const run = this.#runs.at(-1)
    this.#recoveries.push(recovery)
    run?.add({ recoveries: this.#recoveries })
  }

  /** The job has ended: a run that has not completed has failed if there is a cause. */
  finish(cause: Cause | null): void {
    this.timeline?.end()
    if (this.strays) for (const run of this.#runs) run.add({ dropped: this.#strays })
    this.#addTimes()
    for (const run of this.#runs) run.end(cause ? 'failed' : 'completed', cause)
  }

  /** Into the newest run, if it trains: one that was complete before stays as it is. */
  #addTimes(): void {
    const run = this.#runs.at(-1)
    const ranks = this.#times.filter(times => times !== undefined)
    if (run?.fields.config && ranks.length > 0) run.add({ ranks })
  }
}
