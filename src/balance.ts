import type { Communicator } from './collective/communicator.ts'
import { progress } from './connect.ts'
import type { Cut } from './parallel/cut.ts'
import { balanced, cutOf } from './parallel/cut.ts'
import type { Commit } from './ppo/commit.ts'
import type { Keeper } from './ppo/ppo.ts'

/** Updates from one look at how fast ranks are to the next; the first look comes soon. */
const EVERY = 10
const FIRST = 3

/** Shards are spread in another way from this commit on: all ranks throw it alike. */
export class CutChanged extends Error {
  readonly cut: Cut
  readonly commit: Commit

  constructor(cut: Cut, commit: Commit) {
    super(`shards are spread ${cut.join(' + ')} from update ${commit.state.update} on`)
    this.cut = cut
    this.commit = commit
  }
}

/**
 * Spreads shards by how fast ranks are (--rebalance): every few updates all tell what their own work has taken, waiting
 * aside, and make the same of it. What the shards come to does not depend on who has them.
 * @param cut as it is; null: even
 */
export function balancing(comm: Communicator, cut: Cut | null, numShards: number, keeper: Keeper): Keeper {
  const now = cut ?? cutOf(numShards, comm.size)
  const isLook = (update: number) => update === FIRST || update % EVERY === 0
  let before = worked()
  return {
    isDue: update => keeper.isDue(update) || isLook(update),
    keep: async (commit, isLast) => {
      await keeper.keep(commit, isLast)
      if (isLast || !isLook(commit.state.update)) return
      const after = worked()
      const seconds = await comm.allgather(Float64Array.of(after - before))
      before = after
      const better = balanced(
        now,
        seconds.map(([one]) => one),
      )
      if (better) throw new CutChanged(better, commit)
    },
  }
}

/** Seconds that this rank has spent on its own shards so far. */
function worked(): number {
  const { sample, learn } = progress().times
  return sample + learn
}
