import type { LayersModel } from '@tensorflow/tfjs-layers'
import { UsageError } from '../../base/errors.ts'
import { nearest } from '../../base/nearest.ts'
import type { Tensor, TfWithLayers, Variable } from './backend.ts'

/** A network that no backend could run: to try another one would not help. */
export class NetworkError extends UsageError {}

/** What a network of one's own is for. */
export interface NetworkTask {
  /** Of one observation: [4], [84, 84, 3]; of a Dict: how many numbers all its keys have. */
  shape: readonly number[]
  /** Of a Dict the shape of each key, in the order of the space; else none. */
  shapes: Readonly<Record<string, readonly number[]>>
  /** Logits, one for each discrete action; or means, one for each number of a continuous one. */
  outputs: number
}

/** [N, ...shape]; of a Dict one for each key. */
export type Batch = Tensor | Record<string, Tensor>

/** A function of observations, and the variables in it that are trained. */
export interface FunctionNetwork {
  /** By the names that they have in checkpoints. */
  parameters: Record<string, Variable>
  /** @returns logits or means [N, outputs], and values [N, 1]; a row's depend on that row alone */
  forward(observations: Batch): [policy: Tensor, values: Tensor]
}

/**
 * Makes a network with its first parameters: a `tf.LayersModel` with the outputs that `forward` has, whose inputs are
 * observations (of a Dict: inputs by the names of its keys), or a function. `tf` has the layers too.
 */
export type MakeNetwork = (tf: TfWithLayers, task: NetworkTask) => LayersModel | FunctionNetwork

const registered = new Map<string, MakeNetwork>()

/**
 * Makes a network known by a name, for `train({ network: name })`: every rank runs the script, so each knows it. It runs
 * on the engines of TensorFlow.js. While `make` runs, Math.random, and all of tf's initialisers with it, are functions
 * of the run's seed. A continuous policy's log_std is not its business. Throws UsageError for a name that is taken.
 */
export function registerNetwork(name: string, make: MakeNetwork): void {
  if (registered.has(name)) throw new UsageError(`a network '${name}' is registered already`)
  if (typeof make !== 'function')
    throw new UsageError(`registerNetwork('${name}', make): make is a function that gives a network`)
  registered.set(name, make)
}

export const isNetwork = (name: string): boolean => registered.has(name)

/** Throws NetworkError for an unknown one. */
export function makerOf(name: string): MakeNetwork {
  const make = registered.get(name)
  if (make) return make
  const meant = nearest(name, [...registered.keys()])
  throw new NetworkError(
    `--network ${name}: the script has registered no such network${meant === undefined ? '' : `; did you mean ${meant}?`} (registerNetwork('${name}', ...))`,
  )
}
