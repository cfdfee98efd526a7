/** The minibatches of test/data/torch/ppo_loss.json in this project's terms. */
import type { Minibatch } from '../../src/engine/engine.ts'
import { type Activation, type Layout, layoutOf } from '../../src/engine/layout.ts'
import { readData } from '../data.ts'

type Nested = number | Nested[]

export interface RecordedCase {
  name: string
  network: { obs: number; hidden: number[]; out: number; activation: Activation }
  config: {
    clip: number
    vf_coef: number
    ent_coef: number
    value_loss: 'half_mse' | 'mse'
    value_clip: number | null
    normalize_advantages: 'unbiased' | 'none'
    max_grad_norm: number
    learning_rate: number
  }
  rows: number
  parameters: { name: string; shape: number[]; data: Nested }[]
  observations: number[][]
  actions: number[]
  old_log_probs: number[]
  old_values: number[]
  advantages: number[]
  returns: number[]
  rows_float64: { values: number[]; network_output: number[][] }
  float64: {
    policy_loss: number
    value_loss: number
    entropy: number
    approx_kl: number
    clipfrac: number
    advantage_mean: number
    advantage_std_unbiased: number
  }
  grad_norm: number
  gradient: Record<string, Nested>
  parameters_after_1: Record<string, Nested>
  parameters_after_10: Record<string, Nested>
  shards?: { sizes: number[]; shards: RecordedShard[] }
}

export interface RecordedShard {
  gradient_sum: number[]
  sums: { policy_loss: number; value_loss: number; entropy: number; approx_kl: number; clipped: number }
}

const names = ['discrete-cleanrl', 'discrete-sb3', 'discrete-relu-raw-advantages', 'first-minibatch']

/** The cases with a discrete policy, separate networks and the options that we have. */
export function recordedCases(): RecordedCase[] {
  const { cases } = readData<{ cases: RecordedCase[] }>('torch/ppo_loss.json')
  return names.map(name => cases.find(recorded => recorded.name === name) as RecordedCase)
}

export function layoutOfCase({ network }: RecordedCase): Layout {
  const { obs, hidden, activation, out } = network
  return layoutOf({ observationSize: obs, hidden, activation, numActions: out })
}

export function parametersOfCase(recorded: RecordedCase): Float32Array {
  return Float32Array.from(recorded.parameters.flatMap(({ data }) => flatten(data)))
}

/** A recorded tensor per name as one flat vector in the layout's order, [P]. */
export function flattenTensors(layout: Layout, tensors: Record<string, Nested>): Float64Array {
  return Float64Array.from(layout.tensors.flatMap(({ name }) => flatten(tensors[name])))
}

export function flatten(nested: Nested): number[] {
  return Array.isArray(nested) ? nested.flatMap(flatten) : [nested]
}

/** Rows [first, first + rows) of the case as one shard; advantages normalised over the whole case. */
export function minibatchOfCase(recorded: RecordedCase, first = 0, rows: number = recorded.rows): Minibatch {
  const { config, float64 } = recorded
  const normalised = config.normalize_advantages === 'unbiased'
  return {
    observations: Float32Array.from(recorded.observations.flat()),
    actions: Int32Array.from(recorded.actions),
    logProbs: Float32Array.from(recorded.old_log_probs),
    values: Float32Array.from(recorded.old_values),
    advantages: Float32Array.from(recorded.advantages),
    returns: Float32Array.from(recorded.returns),
    indices: Int32Array.from({ length: rows }, (_, i) => first + i),
    numShards: 1,
    rowsPerShard: rows,
    advantageMean: normalised ? float64.advantage_mean : 0,
    advantageDivisor: normalised ? float64.advantage_std_unbiased + 1e-8 : 1,
    clipCoef: config.clip,
    valueClip: config.value_clip,
    vfCoef: config.vf_coef * valueLossScale(recorded),
    entCoef: config.ent_coef,
  }
}

/** What turns our 1/2 error^2 into the case's value loss: SB3 has no half. */
export function valueLossScale(recorded: RecordedCase): number {
  return recorded.config.value_loss === 'mse' ? 2 : 1
}
