import { WIRE_VERSION } from '../base/contract.ts'
import type { Control } from '../base/control.ts'

/**
 * How ranks find each other: each tells the launcher where it listens, over its control pipe, and gets
 * everybody's endpoints once all have done so. No fixed ports, no server of its own. A process may connect
 * more than once; `generation` counts.
 */
export async function meet(control: Control, generation: number, endpoint: string): Promise<string[]> {
  await control.send({ type: 'endpoint', generation, endpoint, wire: WIRE_VERSION })
  return (await control.receive('table', table => table.generation === generation)).endpoints
}

/** The launcher's side. */
export class Rendezvous {
  readonly size: number
  readonly #tables = new Map<number, (string | undefined)[]>()

  constructor(size: number) {
    this.size = size
  }

  /** Notes where a rank listens. Returns all endpoints, by rank, when it was the last to say. */
  offer(rank: number, generation: number, endpoint: string): string[] | null {
    const table = this.#tables.get(generation) ?? new Array<string | undefined>(this.size).fill(undefined)
    table[rank] = endpoint
    this.#tables.set(generation, table)
    return table.includes(undefined) ? null : (table as string[])
  }

  /** Ranks that the others are waiting for, in the oldest meeting that is not complete. */
  missing(): number[] {
    for (const table of this.#tables.values())
      if (table.includes(undefined))
        return table.flatMap((endpoint, rank) => (endpoint === undefined ? [rank] : []))
    return []
  }
}
