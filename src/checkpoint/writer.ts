import type { About } from './about.ts'
import { type Checkpoint, saveCheckpoint } from './checkpoint.ts'
import { Draft } from './draft.ts'
import { pruneCheckpoints } from './folder.ts'
import type { NamedTensor } from './safetensors.ts'

/** Takes a checkpoint that comes in blocks. It does not fail: who brings them is not alone. */
export interface BlockWriter {
  write(vector: string, block: Float32Array): Promise<void>
  /** The last of them has come. */
  seal(about: About, state: unknown): Promise<void>
}

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

  /** One that comes in blocks of so many vectors, of these tensors, before training goes on. */
  async draft(
    steps: number,
    tensors: readonly NamedTensor[],
    vectors: number,
    keep: number,
  ): Promise<BlockWriter> {
    await this.#writing
    const draft = new Draft(this.#runFolder, steps, tensors)
    this.#isGood = true
    const attempt = async (step: () => Promise<unknown>) => {
      if (!this.#isGood) return
      try {
        await step()
      } catch (error) {
        this.#failed(steps, error as Error)
        await draft.discard()
      }
    }
    await attempt(() => draft.begin(vectors))
    return {
      write: (vector, block) => attempt(() => draft.write(vector, block)),
      seal: (about, state) =>
        attempt(async () => {
          await draft.seal(about, state)
          await pruneCheckpoints(this.#runFolder, keep)
        }),
    }
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
      this.#failed(checkpoint.steps, error as Error)
    }
  }

  #failed(steps: number, { message }: Error): void {
    this.#isGood = false
    this.#warn(`checkpoint of ${steps} steps not written: ${message}`)
  }
}
