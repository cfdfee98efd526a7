import { type Checkpoint, saveCheckpoint } from './checkpoint.ts'
import { pruneCheckpoints } from './folder.ts'

/**
 * Writes a run's checkpoints one after the other while training goes on. What cannot be written (a full disk, a
 * folder that is read-only) is a warning, and the last good one stays.
 */
export class CheckpointWriter {
  readonly #runFolder: string
  readonly #warn: (text: string) => void
  #writing: Promise<void> = Promise.resolve()
  #isGood = true

  constructor(runFolder: string, warn: (text: string) => void) {
    this.#runFolder = runFolder
    this.#warn = warn
  }

  /** Resolves when the one before is written: at most one waits. Keeps the newest `keep`. */
  async save(checkpoint: Checkpoint, keep: number): Promise<void> {
    const before = this.#writing
    this.#writing = before.then(() => this.#write(checkpoint, keep))
    await before
  }

  /** Resolves when all are written; false: the newest could not be. */
  async close(): Promise<boolean> {
    await this.#writing
    return this.#isGood
  }

  async #write(checkpoint: Checkpoint, keep: number): Promise<void> {
    try {
      await saveCheckpoint(this.#runFolder, checkpoint)
      this.#isGood = true
      await pruneCheckpoints(this.#runFolder, keep)
    } catch (error) {
      this.#isGood = false
      this.#warn(`checkpoint of ${checkpoint.steps} steps not written: ${(error as Error).message}`)
    }
  }
}
