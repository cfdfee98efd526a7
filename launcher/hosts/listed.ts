import { statSync, unwatchFile, watchFile } from 'node:fs'
import { UsageError } from '../../src/base/errors.ts'
import type { Host } from '../plan.ts'

const EVERY = 1000 // ms

/** The hosts of a job as they are listed now: a hostfile is read again when it has changed. */
export class ListedHosts {
  readonly #choose: () => Host[]
  readonly #file: string | null
  readonly #say: (text: string) => void
  #hosts: Host[]
  #read: number

  /** @param hosts those that were found first. @param file null: what is listed does not change. */
  constructor(choose: () => Host[], hosts: Host[], file: string | null, say: (text: string) => void) {
    this.#choose = choose
    this.#file = file
    this.#say = say
    this.#hosts = hosts
    this.#read = this.#changed()
  }

  /** With mistakes in the file they stay as they were, and it is said. */
  now(): readonly Host[] {
    const changed = this.#changed()
    if (changed === this.#read) return this.#hosts
    this.#read = changed
    try {
      this.#hosts = this.#choose()
    } catch (error) {
      if (!(error instanceof UsageError)) throw error
      this.#say(`${error.message}; the hosts stay as they were`)
    }
    return this.#hosts
  }

  /** Calls back when the file has changed. Returns how to stop. */
  watch(changed: () => void): () => void {
    const file = this.#file
    if (file === null) return () => {}
    watchFile(file, { interval: EVERY, persistent: false }, changed)
    return () => unwatchFile(file, changed)
  }

  /** When it was, in ms; 0: there is no file. */
  #changed(): number {
    const stat = this.#file === null ? undefined : statSync(this.#file, { throwIfNoEntry: false })
    return stat?.mtimeMs ?? 0
  }
}
