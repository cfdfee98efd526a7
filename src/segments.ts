import type { Membership } from './base/control.ts'
import { secondHalf, segmentBytes } from './base/segment.ts'
import { mapSharedMemory } from './base/system.ts'
import { Meeting } from './collective/meeting.ts'
import { SharedMemory } from './collective/shm.ts'

/**
 * The memory in which the ranks of this host meet; the same for all communicators of these ranks. Where ranks may be
 * lost it has two halves. When others take part than before they meet in the one that nobody can be in any more: a rank
 * that has not heard of it yet looks at the other, as those left it that are gone.
 */
export class Segments {
  readonly #fd: number
  /** Ranks that the host began with. */
  readonly #places: number
  readonly #halves: (ArrayBuffer | undefined)[] = []
  #half: Membership['half'] = 0
  #memory: SharedMemory | undefined

  constructor(fd: number, places: number) {
    this.#fd = fd
    this.#places = places
  }

  /** Before these ranks meet for the first time. @param ranks of this host. */
  change(half: Membership['half'], rank: number, ranks: readonly number[]): void {
    this.#half = half
    this.#memory = undefined
    Meeting.clear(this.#map(), ranks.indexOf(rank), ranks.length)
  }

  /** @param ranks of this host. */
  shared(rank: number, ranks: readonly number[]): SharedMemory {
    this.#memory ??= new SharedMemory(this.#map(), ranks.indexOf(rank), ranks)
    return this.#memory
  }

  #map(): ArrayBuffer {
    const offset = this.#half * secondHalf(this.#places)
    this.#halves[this.#half] ??= mapSharedMemory(this.#fd, segmentBytes(this.#places), offset)
    return this.#halves[this.#half]!
  }
}
