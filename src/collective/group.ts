import type { ProgressWriter } from '../base/progress.ts'
import { Op, type OpName } from './frame.ts'

/** The ranks that a communicator is made of. */
export interface Group {
  /** Which communicator of its epoch: 0 is all ranks that take part, split() makes the others. */
  id: number
  /** Their ranks in the job, by their rank in the group. */
  ranks: readonly number[]
  /** This rank's place among them. */
  rank: number
  localRank: number
  localSize: number
}

/** All ranks that take part in the job. */
export function everybody(
  rank: number,
  ranks: readonly number[],
  { localRank, localSize }: Pick<Group, 'localRank' | 'localSize'>,
): Group {
  return { id: 0, ranks, rank: ranks.indexOf(rank), localRank, localSize }
}

/** What a rank says when it splits: a row of an allgather. */
export interface Claim {
  color: number
  key: number
  /** The least id that is new to it. */
  id: number
  /** The host that it is on. */
  node: number
}

/** The group of the ranks that gave the color of `rank`, in the order of key, then rank; null for a negative one. */
export function groupOf(parent: Group, claims: readonly Claim[]): Group | null {
  const mine = claims[parent.rank]
  if (mine.color < 0) return null
  const members = claims
    .map((claim, rank) => ({ ...claim, rank }))
    .filter(({ color }) => color === mine.color)
    .toSorted((a, b) => a.key - b.key || a.rank - b.rank)
  const local = members.filter(({ node }) => node === mine.node)
  const place = (ranks: { rank: number }[]) => ranks.findIndex(({ rank }) => rank === parent.rank)
  return {
    id: newId(claims),
    ranks: members.map(({ rank }) => parent.ranks[rank]),
    rank: place(members),
    localRank: place(local),
    localSize: local.length,
  }
}

/**
 * An id that is new to every rank of a split. All its groups get the same: no two ranks share two of them, and
 * frames are told apart per pair of ranks.
 */
export const newId = (claims: readonly Claim[]): number => Math.max(...claims.map(({ id }) => id))

/**
 * What the communicators of one connect() share in a rank: the numbering of groups, and the line that the agent
 * reads. That line shows the number of the last collective of *all* ranks: a group's numbers cannot be compared with
 * those of ranks outside it, and the lowest number is the one that gets the blame.
 */
export class Presence {
  /** The least group id that is new to this rank. */
  nextGroup = 1
  /** A split is under way. Two could get one id: ranks may come to them in different order. */
  splitting = false
  /** The communicator of connect() is closed, and the transport with it. */
  closed = false
  /** Number of the last collective of all ranks. */
  sequence = 0
  /** Why no call can be made any more. */
  failure: Error | null = null
  readonly epoch: number
  readonly #progress: ProgressWriter
  #inside = 0

  constructor(epoch: number, progress: ProgressWriter) {
    this.epoch = epoch
    this.#progress = progress
  }

  /** This rank enters a call; calls of several communicators may run at the same time. */
  enter(op: OpName): void {
    this.#inside++
    this.#progress.enter(this.epoch, this.sequence, Op[op])
  }

  /**
   * And leaves it. After a wait that took too long the line stays as it is: the agent looks a moment later, and must
   * not take who has waited for one who was busy.
   */
  leave(waitedInVain: boolean): void {
    this.#inside--
    if (this.#inside === 0 && !waitedInVain) this.#progress.leave()
  }
}
