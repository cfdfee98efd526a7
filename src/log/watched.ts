import { rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * How `pporun watch` gets the newest parameters of a run without a socket in it and without costs while nobody looks:
 * whoever watches writes a small file into the run's folder every few seconds, and the run, which looks at that file
 * now and then, leaves its policy in `live/` as long as it changes.
 */
const MARK = '.watched'
/** Below a run's folder: checkpoints of the policy alone, for those who watch. */
export const LIVE = 'live'

/** Milliseconds between two looks, and after which a mark that does not change any more means nobody. */
const LOOK = 4000
const GONE = 10_000

/** Somebody watches; to be said every few seconds. A folder that cannot be written is watched without this. */
export function markWatched(runFolder: string): void {
  try {
    writeFileSync(join(runFolder, MARK), `${Date.now()}\n`)
  } catch {
    // Another user's run, or one that has been removed: its checkpoints have to do.
  }
}

/** Nobody watches any more, or the run is over. */
export function unmarkWatched(runFolder: string): void {
  rmSync(join(runFolder, MARK), { force: true })
}

/** Asked after every update: whether somebody waits for the newest policy. Costs a look at the clock, every four seconds at a file. */
export class Watched {
  readonly #path: string
  #looked = Number.NEGATIVE_INFINITY
  #mark = ''
  #changed = Number.NEGATIVE_INFINITY

  constructor(runFolder: string) {
    this.#path = join(runFolder, MARK)
  }

  /** True at most once in `LOOK` milliseconds. */
  now(time: number = performance.now()): boolean {
    if (time - this.#looked < LOOK) return false
    this.#looked = time
    // By change, not by age: the clocks of two hosts differ.
    const stat = statSync(this.#path, { throwIfNoEntry: false })
    if (!stat) return false
    const mark = `${stat.ino} ${stat.mtimeMs}`
    if (mark !== this.#mark) {
      this.#mark = mark
      this.#changed = time
    }
    return time - this.#changed < GONE
  }
}
