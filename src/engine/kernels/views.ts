import { actionSize, distributionSize, type Layout, slotLength } from '../layout.ts'
import type { Arena } from './arena.ts'
import type { Kernels } from './load.ts'

/** The arrays in a kernel engine's memory, as the driver and its callers see them. */
export interface Views {
  /** What calls change in the Context, seen both ways: see Setting. */
  settings: Int32Array
  parameters: Float32Array // [P]
  grid: Float64Array // [tensors]
  mean: Float64Array // [obs]
  scale: Float64Array // [obs]
  // Rows of an act().
  seen: Float32Array
  actions: Int32Array | Float32Array
  logProbs: Float32Array
  values: Float32Array
  distributions: Float32Array
  nonFiniteRow: Int32Array // [1]
  // Rows of the rollout, and which of them make up the minibatch.
  rowObservations: Float32Array
  rowActions: Int32Array | Float32Array
  rowLogProbs: Float32Array
  rowValues: Float32Array
  rowAdvantages: Float32Array
  rowReturns: Float32Array
  rowDistributions: Float32Array
  indices: Int32Array
  // For kernels that cannot write into their caller's arrays.
  gradient: Float64Array // [P]
  slots: Float64Array // [shards, STATISTICS + tensors]
}

/** What there is room for: rows in one act(), in the rollout, in a minibatch; shards whose sums are kept here. */
export interface Room {
  acting: number
  rollout: number
  minibatch: number
  shards: number
}

/** Words of the Context's settings: three integers, then floats. */
export const Setting = {
  normalize: 0,
  withKl: 1,
  valueReplaces: 2,
  clip: 3,
  clipCoef: 4,
  valueClip: 5,
  huberDelta: 6,
  vfCoef: 7,
  entCoef: 8,
  klCoef: 9,
  advantageMean: 10,
  advantageDivisor: 11,
} as const
export const SETTINGS = 12

/** Those that the Context names, in its order. */
export const IN_CONTEXT = [
  ...['parameters', 'grid', 'mean', 'scale'],
  ...['seen', 'actions', 'logProbs', 'values', 'distributions', 'nonFiniteRow'],
  ...['rowObservations', 'rowActions', 'rowLogProbs', 'rowValues', 'rowAdvantages', 'rowReturns'],
  ...['rowDistributions', 'indices'],
] as (keyof Views)[]

export interface ArrayOf {
  Type: Int32ArrayConstructor | Float32ArrayConstructor | Float64ArrayConstructor
  length: number
}

export function arraysOf(layout: Layout, room: Room): Record<keyof Views, ArrayOf> {
  const { network, tensors, size } = layout
  const { acting, rollout, minibatch, shards } = room
  const { observationSize } = network
  const ints = (length: number): ArrayOf => ({ Type: Int32Array, length })
  const floats = (length: number): ArrayOf => ({ Type: Float32Array, length })
  const doubles = (length: number): ArrayOf => ({ Type: Float64Array, length })
  const actions = network.distribution === 'categorical' ? ints : floats
  return {
    settings: ints(SETTINGS),
    parameters: floats(size),
    grid: doubles(tensors.length),
    mean: doubles(observationSize),
    scale: doubles(observationSize),
    seen: floats(acting * observationSize),
    actions: actions(acting * actionSize(network)),
    logProbs: floats(acting),
    values: floats(acting),
    distributions: floats(acting * distributionSize(network)),
    nonFiniteRow: ints(1),
    rowObservations: floats(rollout * observationSize),
    rowActions: actions(rollout * actionSize(network)),
    rowLogProbs: floats(rollout),
    rowValues: floats(rollout),
    rowAdvantages: floats(rollout),
    rowReturns: floats(rollout),
    rowDistributions: floats(rollout * distributionSize(network)),
    indices: ints(minibatch),
    gradient: doubles(shards > 0 ? size : 0),
    slots: doubles(shards * slotLength(layout)),
  }
}

export function viewsOf({ memory, offset }: Kernels, { places }: Arena, layout: Layout, room: Room): Views {
  const arrays = Object.entries(arraysOf(layout, room)) as [keyof Views, ArrayOf][]
  const views = arrays.map(([name, { Type, length }]) => [
    name,
    new Type(memory, offset + 4 * places[name], length),
  ])
  return Object.fromEntries(views) as Views
}
