/** What a rank's time goes to: sampling, learning, and the rest of an update. */
export const parts = {
  sample: ['act', 'environment', 'rollout', 'share'],
  learn: ['minibatches', 'gradients', 'reduce', 'optimizer'],
  rest: ['other'],
} as const
export type Part = (typeof parts)[keyof typeof parts][number]
export const allParts: readonly Part[] = Object.values(parts).flat()

/** Milliseconds. */
export type Split = Record<Part, number>

export function splitOf(value: (part: Part) => number): Split {
  return Object.fromEntries(allParts.map(part => [part, value(part)])) as Split
}

/** Every moment belongs to one part, so that the parts add up to the whole. A change of parts costs 50 ns. */
export class Stopwatch {
  #split = splitOf(() => 0)
  #part: Part = 'other'
  #since: number = performance.now()

  /** The part that runs ends, and this one begins. */
  start(part: Part): void {
    const now = performance.now()
    this.#split[this.#part] += now - this.#since
    this.#part = part
    this.#since = now
  }

  /** What each part has taken since the last time. */
  take(): Split {
    this.start(this.#part)
    const taken = this.#split
    this.#split = splitOf(() => 0)
    return taken
  }
}
