import type { Environment, ResetResult, StepResult } from '../../src/env/environment.ts'
import { Pcg64 } from '../../src/env/pcg64.ts'
import { type ActionSpace, type BoxSpace, box } from '../../src/env/spaces.ts'

/** An environment of one's own: a random walk that is pushed; over beyond 3. Reward: its place. */
export class Walk implements Environment {
  observationSpace: BoxSpace = box([-10, 0], [10, 100])
  actionSpace: ActionSpace = { type: 'discrete', n: 2 }
  place = 0
  steps = 0
  #generator = new Pcg64(0)

  reset({ seed = 0 }: { seed?: number } = {}): ResetResult {
    this.#generator = new Pcg64(seed)
    this.place = this.#generator.nextDouble()
    this.steps = 0
    return { observation: [this.place, this.steps], info: {} }
  }

  step(action: number | ArrayLike<number>): StepResult {
    this.place += (action === 1 ? 0.3 : -0.3) + this.#generator.nextDouble() - 0.5
    this.steps++
    const terminated = Math.abs(this.place) > 3
    return {
      observation: [this.place, this.steps],
      reward: this.place,
      terminated,
      truncated: this.steps >= 50,
      info: {},
    }
  }
}

/** A walk without chance, which can be saved. */
export class Path extends Walk {
  override step(action: number | ArrayLike<number>): StepResult {
    const before = this.place
    const result = super.step(action)
    this.place = before + (action === 1 ? 0.3 : -0.3)
    const terminated = Math.abs(this.place) > 3
    return { ...result, observation: [this.place, this.steps], reward: this.place, terminated }
  }

  save(): Uint8Array {
    return new Uint8Array(Float64Array.of(this.place, this.steps).buffer)
  }

  load(state: Uint8Array): void {
    ;[this.place, this.steps] = new Float64Array(state.slice().buffer)
  }
}
