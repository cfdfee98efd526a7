import { axesOf } from '../engine/division.ts'
import type { Layout, Tensor } from '../engine/layout.ts'
import type { AdamState, Optimizer } from '../engine/optimizer.ts'
import type { Team } from '../engine/team.ts'

/** The optimiser of a rank's piece of a network; the norm by which it clips is that of the whole. */
export class DividedOptimizer implements Optimizer {
  readonly #inner: Optimizer
  readonly #team: Team
  /** Tensors that every rank of the team has whole. */
  readonly #common: readonly Tensor[]

  constructor(inner: Optimizer, layout: Layout, team: Team) {
    const axes = axesOf(layout)
    this.#inner = inner
    this.#team = team
    this.#common = layout.tensors.filter((_, t) => axes[t] === null)
  }

  get state(): AdamState {
    return this.#inner.state
  }

  set state(state: AdamState) {
    this.#inner.state = state
  }

  async average(sums: Float64Array, rows: number, largest: Float64Array): Promise<number> {
    const norm = await this.#inner.average(sums, rows, largest)
    let common = 0 // squares that are counted once
    for (const { offset, size } of this.#common)
      for (let i = offset; i < offset + size; i++) common += sums[i] * sums[i]
    const divided = Float64Array.of(norm * norm - common)
    await this.#team.sum(divided)
    await this.#team.max(largest)
    return Math.sqrt(Math.max(0, divided[0]) + common)
  }

  step(...how: Parameters<Optimizer['step']>): ReturnType<Optimizer['step']> {
    return this.#inner.step(...how)
  }
}
