import { Reader, Writer } from '../../ppo/numbers.ts'
import type { Episode, Rollout } from '../../ppo/rollout.ts'

/** An update of one worker: its shards, totals of its minibatches (see Meter), and the episodes that ended. */
export function packReport(shards: number, totals: Float64Array, episodes: readonly Episode[]): Float64Array {
  const writer = new Writer()
  writer.put(shards, episodes.length)
  for (const { t, env, return: total, length } of episodes) writer.put(t, env, total, length)
  writer.putArray(totals)
  return writer.take()
}

/** What workers report. As many of their shards as there are make an update of the run, whosever they are. */
export class Reports {
  /** Milliseconds spent waiting for them. */
  waited = 0
  readonly #numShards: number
  readonly #numUpdates: number
  readonly #episodes: Episode[] = []
  /** Since the last update of the run. */
  readonly #totals: number[] = []
  /** All that have come, those of updates before this start too, and those that updates were made of. */
  #shards = 0
  #taken = 0
  #hasEnded = false
  #failure: unknown = null
  #wake = () => {}

  constructor(numShards: number, numUpdates: number) {
    this.#numShards = numShards
    this.#numUpdates = numUpdates
  }

  /** @param update from which the run goes on */
  begin(update: number): void {
    this.#shards = update * this.#numShards
    this.#taken = this.#shards
  }

  /** Takes a report in. @returns what its worker is answered: updates that are complete; 1 if there are no more */
  add(report: Float64Array): Float64Array {
    const reader = new Reader(report)
    this.#shards += reader.next()
    for (let left = reader.next(); left > 0; left--) {
      const [t, env, total, length] = reader.array(4)
      this.#episodes.push({ t, env, return: total, length })
    }
    for (const [i, total] of reader.rest().entries()) this.#totals[i] = (this.#totals[i] ?? 0) + total
    this.#wake()
    const updates = Math.floor(this.#shards / this.#numShards)
    return Float64Array.of(updates, this.#hasEnded || updates >= this.#numUpdates ? 1 : 0)
  }

  /** Once an update of the run is complete: the episodes that have ended in it. */
  async next(rollout: Rollout): Promise<void> {
    const begin = performance.now()
    while (this.#shards - this.#taken < this.#numShards && !this.#failure)
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    this.check()
    this.waited += performance.now() - begin
    this.#taken += this.#numShards
    rollout.clear()
    rollout.episodes.push(...this.#episodes.splice(0))
  }

  /** Writes the totals of that update. */
  takeTotals(totals: Float64Array): void {
    totals.set(this.#totals.splice(0))
  }

  /** No more updates are made; workers are told when they report next. */
  end(): void {
    this.#hasEnded = true
  }

  /** Nobody is heard any more. */
  fail(error: unknown): void {
    this.#failure ??= error
    this.#wake()
  }

  /** Throws what has failed. */
  check(): void {
    if (this.#failure) throw this.#failure
  }
}
