import { PporunError, UsageError } from '../base/errors.ts'
import { loadCheckpoint } from '../checkpoint/checkpoint.ts'
import type { Engine } from '../engine/engine.ts'
import { type Layout, layoutOf, type Network, sameTensors } from '../engine/layout.ts'
import { makeEngine } from '../engine/select.ts'
import { isNetwork } from '../engine/tfjs/networks.ts'
import { areAlike, baseOf, environmentIds, specOf } from '../env/registry.ts'
import { clipActions, type Observation, rowOf } from '../env/spaces.ts'
import { type EvaluateOptions, type Evaluation, play, summarise } from './evaluate.ts'

/** A trained policy for one environment at a time. */
export interface Policy {
  /** The environment that it was trained for. */
  env: string
  /**
   * The most probable action, from an observation as the environment gives it (a Dict's also as a row): a whole number,
   * or an array inside the bounds of the action space.
   */
  act(observation: Observation): Promise<number | number[]>
  /** Begins an episode. */
  reset(): void
}

/** @param path a run's folder or a checkpoint's. Throws UsageError if there is none. */
export function loadPolicy(path: string): Policy {
  const { env, layout, openEngine } = load(path)
  const { observationSize } = layout.network
  let opened: Promise<Engine> | undefined
  const { actionSpace, keys } = specOf(env)
  return {
    env,
    act: async observation => {
      const isRow = !keys || typeof observation.length === 'number'
      const row = isRow
        ? (observation as ArrayLike<number>)
        : rowOf({ type: 'dict', spaces: keys }, observation)
      if (row?.length !== observationSize)
        throw new PporunError(
          `an observation of ${env} has ${observationSize} numbers, got ${row?.length ?? 'others'}`,
        )
      opened ??= openEngine()
      const { actions } = await (await opened).act(Float32Array.from(row), 1, null)
      if (actionSpace.type === 'discrete') return actions[0]
      const inside = new Float32Array(actions.length)
      clipActions(actionSpace, actions, inside)
      return [...inside]
    },
    reset: () => {},
  }
}

/** Plays episodes with the policy of a run or checkpoint. Throws UsageError if there is none, or the environment is not for it. */
export async function evaluate(path: string, options: EvaluateOptions = {}): Promise<Evaluation> {
  const { env: own, openEngine } = load(path)
  const { env = own } = options
  if (!areAlike(env, own))
    throw new UsageError(`${env} has other observations or actions than ${own} of ${path}`)
  return summarise([
    await play(env, await openEngine(), { first: 0, count: options.episodes ?? 100 }, options),
  ])
}

function load(path: string): { env: string; layout: Layout; openEngine: () => Promise<Engine> } {
  const { env, network, normalizer, tensors, parameters } = loadCheckpoint(path)
  if (!environmentIds().includes(baseOf(env)))
    throw new UsageError(
      `${path}: '${env}' is an environment that a script has registered; evaluate there: registerEnv('${env}', ...), then evaluate('${path}')`,
    )
  const { own } = network as Network
  if (own && !isNetwork(own.name))
    throw new UsageError(
      `${path}: '${own.name}' is a network that a script has registered; evaluate there: registerNetwork('${own.name}', ...), then evaluate('${path}')`,
    )
  const layout = layoutOf(network as Network)
  const check = (layout: Layout) => {
    if (!sameTensors(layout.tensors, tensors) || parameters.length !== layout.size)
      throw new PporunError(`${path}: its parameters are not those of the network that it names`)
  }
  if (!own) check(layout)
  const openEngine = async () => {
    const engine = await makeEngine('auto', layout)
    check(engine.layout)
    engine.setParameters(parameters)
    engine.setNormalizer(normalizer)
    return engine
  }
  return { env, layout, openEngine }
}
