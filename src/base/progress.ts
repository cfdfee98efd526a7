import { mapSharedMemory } from './system.ts'
import { trace } from './trace.ts'

/**
 * A page of shared memory in which each rank of a host writes where it is, and its agent reads it, also when
 * the rank is busy, stopped or dead. One cache line per rank, so that writers do not disturb each other, behind that of
 * the agent (stopword.ts).
 *
 *   int32:  0 epoch   1 sequence of the last collective entered   2 op (0: outside)   3 phase
 *   float64 at byte 16: time of the last change, ms since 1970
 *           at byte 24: ms so far that were spent sampling, learning, and in collectives
 */
const LINE = 64

/** What a rank does between collectives. */
export const Phase = { start: 0, sample: 1, learn: 2, other: 3 } as const
export type PhaseName = keyof typeof Phase

/** Where a rank's time went so far, in seconds. */
export interface PhaseTimes {
  sample: number
  learn: number
  /** In collectives: communication, and waiting for who is late. */
  wait: number
}

/** The same, of a rank that has a name. */
export interface RankTimes extends PhaseTimes {
  rank: number
  host: string
  /** What computes; null: not known. */
  device: string | null
}

export interface RankProgress {
  epoch: number
  sequence: number
  /** True inside a collective. */
  waiting: boolean
  phase: PhaseName
  /** Seconds since the last change. */
  age: number
}

export const progressBytes = (localSize: number): number => (1 + localSize) * LINE

const offset = (local: number): number => (1 + local) * LINE

/** A rank's own line of the page. */
export class ProgressWriter {
  readonly #words: Int32Array
  readonly #times: Float64Array
  readonly #spent: Float64Array
  #phase: PhaseName = 'start'
  /** When it began, and when the collective was entered, on the clock of performance.now(). */
  #since: number = performance.now()
  #entered: number | null = null
  /** Of the phase, spent in collectives. */
  #waited = 0

  constructor(memory: ArrayBufferLike, local: number) {
    this.#words = new Int32Array(memory, offset(local), 4)
    this.#times = new Float64Array(memory, offset(local) + 16, 1)
    this.#spent = new Float64Array(memory, offset(local) + 24, 3)
  }

  get times(): PhaseTimes {
    return timesOf(this.#spent)
  }

  /** The rank enters a collective: its `sequence` is what tells a late rank from those that wait for it. */
  enter(epoch: number, sequence: number, op: number): void {
    Atomics.store(this.#words, 0, epoch)
    Atomics.store(this.#words, 1, sequence)
    Atomics.store(this.#words, 2, op)
    this.#entered ??= performance.now()
    this.#touch()
  }

  leave(): void {
    Atomics.store(this.#words, 2, 0)
    if (this.#entered !== null) {
      const waited = performance.now() - this.#entered
      this.#spent[2] += waited
      this.#waited += waited
      this.#entered = null
    }
    this.#touch()
  }

  phase(phase: PhaseName): void {
    trace.record?.('phase', this.#phase, this.#since)
    const now = performance.now()
    const worked = now - this.#since - this.#waited
    if (this.#phase === 'sample') this.#spent[0] += worked
    if (this.#phase === 'learn') this.#spent[1] += worked
    this.#phase = phase
    this.#since = now
    this.#waited = 0
    Atomics.store(this.#words, 3, Phase[phase])
    this.#touch()
  }

  #touch(): void {
    this.#times[0] = Date.now()
  }
}

/** What the agent sees of one rank. */
export function readProgress(memory: ArrayBufferLike, local: number): RankProgress {
  const words = new Int32Array(memory, offset(local), 4)
  const time = new Float64Array(memory, offset(local) + 16, 1)[0] ?? 0
  const phases = Object.keys(Phase) as PhaseName[]
  return {
    epoch: Atomics.load(words, 0),
    sequence: Atomics.load(words, 1),
    waiting: Atomics.load(words, 2) !== 0,
    phase: phases[Atomics.load(words, 3)] ?? 'other',
    age: time === 0 ? 0 : (Date.now() - time) / 1000,
  }
}

/** Seconds spent in each phase, as the rank has last written them. */
export function readTimes(memory: ArrayBufferLike, local: number): PhaseTimes {
  return timesOf(new Float64Array(memory, offset(local) + 24, 3))
}

function timesOf([sample, learn, wait]: Float64Array): PhaseTimes {
  return { sample: sample / 1000, learn: learn / 1000, wait: wait / 1000 }
}

/** The page of a rank under a launcher; a job of one has one of its own. */
export function openPage(fd: number | null, localSize: number): ArrayBufferLike {
  const bytes = progressBytes(localSize)
  return fd === null ? new ArrayBuffer(bytes) : mapSharedMemory(fd, bytes)
}
