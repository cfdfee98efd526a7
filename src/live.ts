import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Checkpoint } from './checkpoint/checkpoint.ts'
import { CheckpointWriter } from './checkpoint/writer.ts'
import type { Logger } from './log/logger.ts'
import { LIVE, Watched } from './log/watched.ts'

/** Of the policy: the one that is being read must not be the one that is removed. */
const KEPT = 2

/** Leaves a run's newest policy in its folder while somebody watches it, for `pporun watch` to play with. */
export class LivePolicy implements Logger {
  readonly #folder: string
  readonly #make: () => Checkpoint
  readonly #watched: Watched
  readonly #writer: CheckpointWriter
  #writing = false

  /** @param make the policy as it is now; its arrays are written later. */
  constructor(runFolder: string, make: () => Checkpoint) {
    this.#folder = join(runFolder, LIVE)
    this.#make = make
    this.#watched = new Watched(runFolder)
    // Who watches sees the newest checkpoint instead.
    this.#writer = new CheckpointWriter(this.#folder, () => {})
  }

  /** After each update. */
  write(): void {
    if (this.#writing || !this.#watched.now()) return
    this.#writing = true
    void this.#save()
  }

  /** The run has a last checkpoint: what was left for those who watch goes. */
  async close(): Promise<void> {
    await this.#writer.close()
    await rm(this.#folder, { recursive: true, force: true })
  }

  async #save(): Promise<void> {
    await this.#writer.save(this.#make(), KEPT)
    await this.#writer.close()
    this.#writing = false
  }
}
