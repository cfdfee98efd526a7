import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeFolder } from '../../src/base/runfolder.ts'

/** More than this of a job without a folder is not kept in memory. */
const MOST_KEPT = 8 << 20 // bytes

/**
 * What each rank has printed, byte for byte, in logs/rank.R.log of its run; until the run has a folder it waits in
 * memory, since nothing may be written before train() has accepted the folder.
 */
export class Logs {
  readonly #np: number
  readonly #overflow: () => void
  #folder: string | null = null
  readonly #kept = new Map<number, Buffer[]>()
  #bytes = 0

  /** @param overflow called when there is too much to keep: into() makes room. */
  constructor(np: number, overflow: () => void) {
    this.#np = np
    this.#overflow = overflow
  }

  get folder(): string | null {
    return this.#folder
  }

  /** From now on to `<run>/logs`, what was kept first. */
  into(run: string): void {
    this.#folder = join(run, 'logs')
    makeFolder(this.#folder)
    for (let rank = 0; rank < this.#np; rank++)
      this.#append(this.#folder, rank, Buffer.concat(this.#kept.get(rank) ?? []))
    this.#kept.clear()
    this.#bytes = 0
  }

  write(rank: number, bytes: Buffer): void {
    if (this.#folder !== null) {
      this.#append(this.#folder, rank, bytes)
      return
    }
    const kept = this.#kept.get(rank) ?? []
    kept.push(bytes)
    this.#kept.set(rank, kept)
    this.#bytes += bytes.length
    if (this.#bytes > MOST_KEPT) this.#overflow()
  }

  #append(folder: string, rank: number, bytes: Buffer): void {
    try {
      appendFileSync(join(folder, `rank.${rank}.log`), bytes)
    } catch {
      // A full disk must not end the training: rank 0's lines are on the console.
    }
  }
}
