import type { Kept } from './assemble.ts'
import { PporunError } from './base/errors.ts'
import type { Communicator } from './collective/communicator.ts'
import { shareFrom } from './plaindata.ts'
import { joined } from './ppo/commit.ts'
import type { TrainConfig } from './ppo/config.ts'
import type { Keeper } from './ppo/ppo.ts'
import type { Strategy } from './ppo/strategy.ts'

/** In lockstep no rank is more than one commit ahead of another. */
const MOST = 2
/** From one commit to the next, in seconds: what a loss costs at the most. One that takes every update's time costs more than losses do. */
const PACE = 0.2
/** Updates from one to the next, however short they are. */
const FARTHEST = 100

interface Held {
  kept: Kept
  /** On the clock of performance.now(). */
  at: number
}

/**
 * A run's last two commits in this rank's memory. When ranks are lost, the others go on from the newest that all of
 * them hold: where one had just completed an update and another had not, that is the one before.
 */
export class LastCommits {
  /** Whether commits are held here: ranks may be lost. */
  readonly isOn: boolean
  #held: Held[] = []
  /** After this update the next one is due. */
  #next = 0
  /** Which update is gone on from, and when it was complete; until the next one is. */
  #from: { update: number; at: number } | null = null
  /** When training began, on this rank. */
  #begin: number | null

  /** Told when training has gone on: after which update, and how long after it the next one was complete. */
  recovered: (update: number, seconds: number) => void = () => {}

  /** @param joins others have begun already. */
  constructor(isOn = false, joins = false) {
    this.isOn = isOn
    this.#begin = joins ? performance.now() : null
  }

  /** What becomes of commits, and that they are held here first. */
  before(keeper: Keeper, config: TrainConfig, strategy: Strategy): Keeper {
    const isDue = (update: number) => this.isOn && update >= this.#next
    return {
      isDue: update => isDue(update) || keeper.isDue(update),
      keep: async (commit, isLast) => {
        const { update } = commit.state
        if (isDue(update)) {
          this.#next = update + (await this.#pace(update, strategy))
          this.hold({ config, commit: await joined(commit, strategy) })
        }
        this.goesOn()
        if (isLast || keeper.isDue(update)) await keeper.keep(commit, isLast)
      },
    }
  }

  /** Updates until the next commit: as many as PACE has, on the clock of the first of those who take it together. */
  async #pace(update: number, strategy: Strategy): Promise<number> {
    const last = this.#held.at(-1)
    if (strategy.stops || !last) return 1 // groups that take commits apart must have them in common
    const each = (performance.now() - last.at) / 1000 / (update - updateOf(last))
    const [[first]] = await strategy.share(Float64Array.of(PACE / each))
    return Math.max(1, Math.min(FARTHEST, Math.round(first)))
  }

  hold(kept: Kept): void {
    if (!this.isOn) return // nobody goes on from memory where a loss ends the job
    this.#held = [...this.#held, { kept, at: performance.now() }].slice(-MOST)
  }

  /** An update is complete, or there is none left to do. */
  goesOn(): void {
    if (this.#from) this.recovered(this.#from.update, (performance.now() - this.#from.at) / 1000)
    this.#from = null
  }

  /**
   * The newest commit that all who hold any have in common: who holds none, having just joined, gets it from another.
   * All ranks have to call it, before training and whenever others take part. Null: there is none yet.
   */
  async agree(comm: Communicator): Promise<Kept | null> {
    const now = performance.now()
    this.#next = 0 // the first update of those who take part now says that training goes on
    const mine = Float64Array.from(this.#held.flatMap(held => [updateOf(held), now - held.at]))
    const all = (await comm.allgather(mine)).map(readHeld)
    const update = newestCommon(all.filter(held => held.size > 0))
    if (update === null) {
      this.#from = this.#begin === null ? null : { update: 0, at: this.#begin }
      this.#begin ??= now
      return null
    }
    const first = all.findIndex(held => held.has(update))
    const own = this.#held.find(held => updateOf(held) === update)?.kept
    const everybody = all.every(held => held.has(update))
    const kept = everybody && own ? own : await shareFrom(comm, first, () => own!)
    const at = now - all[first].get(update)!
    this.#from = { update, at }
    this.#held = [{ kept, at }]
    return kept
  }
}

const updateOf = ({ kept }: Held): number => kept.commit.state.update

/** Of one rank: its commits by update, and how old they are in ms. */
function readHeld(block: Float64Array): Map<number, number> {
  return new Map(Array.from({ length: block.length / 2 }, (_, i) => [block[2 * i], block[2 * i + 1]]))
}

function newestCommon(all: readonly Map<number, number>[]): number | null {
  if (all.length === 0) return null
  const common = [...all[0].keys()].filter(update => all.every(held => held.has(update)))
  if (common.length === 0) throw new PporunError('ranks hold no commit in common')
  return Math.max(...common)
}
