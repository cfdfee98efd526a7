/** The cores of a machine: who computes when. All times are milliseconds of the simulation. */
export class Cores {
  readonly #free: number[]

  constructor(count: number) {
    this.#free = new Array<number>(count).fill(0)
  }

  /** Takes a core for `duration`, from `earliest` on or as soon as one is free. Returns when that ends. */
  take(earliest: number, duration: number): number {
    const core = this.#fitting(earliest)
    const end = Math.max(earliest, this.#free[core]) + duration
    this.#free[core] = end
    return end
  }

  /** The one that has been free for the shortest time, so that no gap is wasted; else the one that is free first. */
  #fitting(earliest: number): number {
    let best = 0
    for (let core = 1; core < this.#free.length; core++) {
      const [a, b] = [this.#free[core], this.#free[best]]
      const better = b <= earliest ? a <= earliest && a > b : a < b
      if (better) best = core
    }
    return best
  }
}

/** A rank's thread: does one thing after the other, each on a core of its machine. */
export class Thread {
  free = 0
  readonly #cores: Cores | null

  /** @param cores null: always one for this thread. */
  constructor(cores: Cores | null) {
    this.#cores = cores
  }

  /** Works for `duration` from `now` on, behind what it has to do already. Returns when that ends. */
  work(now: number, duration: number): number {
    const start = Math.max(now, this.free)
    this.free = this.#cores ? this.#cores.take(start, duration) : start + duration
    return this.free
  }
}
