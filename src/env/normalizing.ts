/**
 * Gymnasium's normalising wrappers. Their moments are an environment's own and go on over its episodes, so in training
 * they make a row depend on more than its seed: there `--normalize-observations` and `--normalize-rewards` do it, over
 * all ranks. These are for loops of one's own.
 */
import type { AnyEnvironment, Environment, ResetResult, StepResult } from './environment.ts'
import { box } from './spaces.ts'
import { boxOf, Wrapper } from './wrappers.ts'

const EPSILON = 1e-8

/** Places in memory: [count, mean [size], variance [size]]. */
function beginMoments(memory: Float64Array, size: number): void {
  memory[0] = 1e-4
  memory.fill(0, 1, 1 + size)
  memory.fill(1, 1 + size, 1 + 2 * size)
}

/** Takes one vector (Chan et al. 1979, a batch of one). */
function addToMoments(memory: Float64Array, values: ArrayLike<number>): void {
  const [count, size] = [memory[0], values.length]
  for (let k = 0; k < size; k++) {
    const delta = values[k] - memory[1 + k]
    memory[1 + k] += delta / (count + 1)
    const m2 = memory[1 + size + k] * count + (delta * delta * count) / (count + 1)
    memory[1 + size + k] = m2 / (count + 1)
  }
  memory[0]++
}

/** Observations less their running mean, by their running deviation: (x - mean) / sqrt(variance + 1e-8). */
export class NormalizeObservation extends Wrapper {
  constructor(env: Environment) {
    const { shape, low } = boxOf(env, 'NormalizeObservation')
    const size = low.length
    const open = new Float32Array(size).fill(Infinity)
    super(env, 1 + 2 * size, {
      ...box(
        open.map(x => -x),
        open,
      ),
      shape,
    })
    beginMoments(this.memory, size)
  }

  override reset(options?: { seed?: number }): ResetResult {
    return this.#normalized(this.env.reset(options))
  }

  override step(action: number | ArrayLike<number>): StepResult {
    return this.#normalized(this.env.step(action))
  }

  #normalized<R extends ResetResult>(result: R): R {
    const { memory } = this
    const seen = result.observation
    const size = seen.length
    addToMoments(memory, seen)
    const observation = Float32Array.from(
      seen,
      (x, k) => (x - memory[1 + k]) / Math.sqrt(memory[1 + size + k] + EPSILON),
    )
    return { ...result, observation }
  }
}

/** Rewards by the running deviation of the discounted return G = gamma (1 - terminated) G + r; not centred. */
export class NormalizeReward extends Wrapper {
  readonly gamma: number

  /** @param gamma discount. */
  constructor(env: AnyEnvironment, gamma = 0.99) {
    super(env, 4) // moments of the return, then the return
    this.gamma = gamma
    beginMoments(this.memory, 1)
  }

  override step(action: number | ArrayLike<number>): StepResult {
    const result = this.env.step(action)
    const { memory } = this
    memory[3] = memory[3] * this.gamma * (result.terminated ? 0 : 1) + result.reward
    addToMoments(memory, memory.subarray(3))
    return { ...result, reward: result.reward / Math.sqrt(memory[2] + EPSILON) }
  }
}
