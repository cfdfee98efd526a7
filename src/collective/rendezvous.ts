import { WIRE_VERSION } from '../base/contract.ts'
import type { Control, Member } from '../base/control.ts'

/**
 * How ranks find each other: each tells the launcher where it listens, over its control pipe, and gets
 * everybody else's place once all have done so. No fixed ports, no server of its own. A process may connect
 * more than once; `generation` counts.
 */
export async function meet(control: Control, generation: number, member: Member): Promise<Member[]> {
  await control.send({ type: 'member', generation, member, wire: WIRE_VERSION })
  return (await control.receive('table', table => table.generation === generation)).members
}

/** The launcher's side. */
export class Rendezvous {
  readonly size: number
  readonly #tables = new Map<number, (Member | undefined)[]>()

  constructor(size: number) {
    this.size = size
  }

  /** Notes where a rank listens. Returns all members, by rank, when it was the last to say. */
  offer(rank: number, generation: number, member: Member): Member[] | null {
    const table = this.#tables.get(generation) ?? new Array<Member | undefined>(this.size).fill(undefined)
    table[rank] = member
    this.#tables.set(generation, table)
    return table.includes(undefined) ? null : (table as Member[])
  }

  /** Ranks that the others are waiting for, in the oldest meeting that is not complete. */
  missing(): number[] {
    for (const table of this.#tables.values())
      if (table.includes(undefined))
        return table.flatMap((member, rank) => (member === undefined ? [rank] : []))
    return []
  }
}

/** Why the ZeroMQ addon does not load here; null: it does. */
export async function addonProblem(): Promise<string | null> {
  try {
    await import('zeromq')
    return null
  } catch (error) {
    return String((error as Error).message).split('\n')[0]
  }
}
