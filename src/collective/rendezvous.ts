import { WIRE_VERSION } from '../base/contract.ts'
import type { Control, Member } from '../base/control.ts'

/**
 * How ranks find each other: each tells the launcher where it listens, over its control pipe, and gets
 * everybody else's place once all have done so. No fixed ports, no server of its own. A process may connect
 * more than once; `generation` counts.
 * @returns by rank of the job; null: takes no part.
 */
export async function meet(control: Control, generation: number, member: Member): Promise<(Member | null)[]> {
  await control.send({ type: 'member', generation, member, wire: WIRE_VERSION })
  return (await control.receive('table', table => table.generation === generation)).members
}

/** The launcher's side. */
export class Rendezvous {
  readonly #size: number
  readonly #ranks: readonly number[]
  readonly #tables = new Map<number, (Member | null)[]>()

  /** @param size of the job. @param ranks those that take part; all, unless said. */
  constructor(size: number, ranks: readonly number[] = Array.from({ length: size }, (_, rank) => rank)) {
    this.#size = size
    this.#ranks = ranks
  }

  /** Notes where a rank listens. Returns all members, by rank, when it was the last to say. */
  offer(rank: number, generation: number, member: Member): (Member | null)[] | null {
    const table = this.#tables.get(generation) ?? new Array<Member | null>(this.#size).fill(null)
    table[rank] = member
    this.#tables.set(generation, table)
    return this.#absent(table).length > 0 ? null : table
  }

  /** Ranks that the others are waiting for, in the oldest meeting that is not complete. */
  missing(): number[] {
    const absent = [...this.#tables.values()].map(table => this.#absent(table))
    return absent.find(ranks => ranks.length > 0) ?? []
  }

  #absent(table: (Member | null)[]): number[] {
    return this.#ranks.filter(rank => table[rank] === null)
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
