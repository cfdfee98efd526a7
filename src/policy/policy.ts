import { loadCheckpoint } from '../checkpoint/checkpoint.ts'
import type { Engine } from '../engine/engine.ts'
import { layoutOf } from '../engine/layout.ts'
import { makeEngine } from '../engine/select.ts'
import { type EvaluateOptions, type Evaluation, play } from './evaluate.ts'

/** A trained policy for one environment at a time. */
export interface Policy {
  /** The environment that it was trained for. */
  env: string
  /** The most probable action. */
  act(observation: ArrayLike<number>): Promise<number>
  /** Begins an episode. */
  reset(): void
}

/** @param path a run's folder or a checkpoint's. Throws UsageError if there is none. */
export function loadPolicy(path: string): Policy {
  const { env, engine } = load(path)
  return {
    env,
    act: async observation => (await engine.act(Float32Array.from(observation), 1, null)).actions[0],
    reset: () => {},
  }
}

/** Plays episodes with the policy of a run or checkpoint. Throws UsageError if there is none. */
export async function evaluate(path: string, options: EvaluateOptions = {}): Promise<Evaluation> {
  const { env, engine } = load(path)
  return play(env, engine, options)
}

function load(path: string): { env: string; engine: Engine } {
  const { env, network, parameters } = loadCheckpoint(path)
  const engine = makeEngine('auto', layoutOf(network))
  engine.setParameters(parameters)
  return { env, engine }
}
