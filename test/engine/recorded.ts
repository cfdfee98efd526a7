/** The minibatches of test/data/torch/ppo_loss.json in this project's terms. */
import type { Minibatch, Rows } from '../../src/engine/engine.ts'
import { type Activation, type Layout, layoutOf } from '../../src/engine/layout.ts'
import { readData } from '../data.ts'

type Nested = number | Nested[]

export interface RecordedCase {
  name: string
  network: {
    obs: number
    hidden: number[]
    out: number
    activation: Activation
    dist: 'discrete' | 'gaussian'
    trunk: 'separate' | 'shared'
  }
  config: {
    clip: number
    vf_coef: number
    ent_coef: number
    value_loss: 'half_mse' | 'mse' | 'huber'
    huber_delta?: number
    value_clip: number | null
    value_clip_mode: 'max' | 'replace' | null
    normalize_advantages: 'unbiased' | 'biased' | 'none'
    kl_beta: number
    max_grad_norm: number
    learning_rate: number
  }
  rows: number
  parameters: { name: string; shape: number[]; data: Nested }[]
  observations: number[][]
  actions: number[] | number[][]
  old_distribution: Recorded
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
    exact_kl: number
    clipfrac: number
    advantage_mean: number
    advantage_std_unbiased: number
    advantage_std_biased: number
  }
  grad_norm: number
  gradient: Record<string, Nested>
  parameters_after_1: Record<string, Nested>
  parameters_after_10: Record<string, Nested>
  shards?: { sizes: number[]; shards: RecordedShard[] }
}

/** Parameters of a distribution per row; one log_std for all. */
export type Recorded = { logits: number[][] } | { mean: number[][]; log_std: number[] }

export interface RecordedShard {
  gradient_sum: number[]
  sums: { policy_loss: number; value_loss: number; entropy: number; approx_kl: number; clipped: number }
}

/** What pporun does not do: a third clip, other action spaces, decay of the weights. */
const left = ['discrete-dual-clip', 'multi-discrete', 'multi-binary', 'gaussian-adamw']

export function recordedCases(): RecordedCase[] {
  const { cases } = readData<{ cases: RecordedCase[] }>('torch/ppo_loss.json')
  return cases.filter(({ name }) => !left.includes(name))
}

export function layoutOfCase({ network }: RecordedCase): Layout {
  const { obs, hidden, activation, out, trunk, dist } = network
  return layoutOf({
    ...{ observationSize: obs, hidden, activation, sharedTrunk: trunk === 'shared', numActions: out },
    distribution: dist === 'gaussian' ? 'gaussian' : 'categorical',
  })
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

export function rowsOfCase(recorded: RecordedCase): Rows {
  const { network, actions, old_distribution } = recorded
  return {
    observations: Float32Array.from(recorded.observations.flat()),
    actions:
      network.dist === 'gaussian' ? Float32Array.from(flatten(actions)) : Int32Array.from(flatten(actions)),
    logProbs: Float32Array.from(recorded.old_log_probs),
    values: Float32Array.from(recorded.old_values),
    advantages: Float32Array.from(recorded.advantages),
    returns: Float32Array.from(recorded.returns),
    distributions: describe(old_distribution),
  }
}

/** In the form of Acted.distributions. */
export function describe(distribution: Recorded): Float32Array {
  if ('logits' in distribution) return Float32Array.from(distribution.logits.flat())
  return Float32Array.from(distribution.mean.flatMap(mean => [...mean, ...distribution.log_std]))
}

/** Rows [first, first + rows) of the case as one shard; advantages normalised over the whole case. */
export function minibatchOfCase(recorded: RecordedCase, first = 0, rows: number = recorded.rows): Minibatch {
  const { config } = recorded
  return {
    indices: Int32Array.from({ length: rows }, (_, i) => first + i),
    ...{ numShards: 1, rowsPerShard: rows, ...normalisationOf(recorded) },
    clipCoef: config.clip,
    valueClip: config.value_clip ?? Infinity,
    valueClipMode: config.value_clip_mode ?? 'max',
    huberDelta: config.huber_delta ?? Infinity,
    vfCoef: config.vf_coef * valueLossScale(recorded),
    entCoef: config.ent_coef,
    klCoef: config.kl_beta,
  }
}

function normalisationOf({ config, float64 }: RecordedCase) {
  if (config.normalize_advantages === 'none') return { advantageMean: 0, advantageDivisor: 1 }
  const { advantage_mean, advantage_std_biased, advantage_std_unbiased } = float64
  const std = config.normalize_advantages === 'biased' ? advantage_std_biased : advantage_std_unbiased
  return { advantageMean: advantage_mean, advantageDivisor: std + 1e-8 }
}

/** What turns our 1/2 error^2 into the case's value loss: SB3 has no half. */
export function valueLossScale(recorded: RecordedCase): number {
  return recorded.config.value_loss === 'mse' ? 2 : 1
}

export interface DistributionCase {
  name: string
  params: Recorded
  old_params: Recorded
  actions: number[] | number[][]
  float64: {
    log_prob: number[]
    entropy: number[]
    mode: number[] | number[][]
    kl_old_new: number[]
    grad_log_prob: Recorded
    grad_entropy: Recorded
    grad_kl_old_new: Recorded
  }
}

/** The distributions that policies have here; others are for other action spaces, or have a log_std of another kind. */
export function recordedDistributions(): DistributionCase[] {
  const names = ['categorical', 'categorical-two-actions', 'categorical-extreme']
  names.push('gaussian', 'gaussian-one-dim', 'gaussian-narrow-wide')
  const { cases } = readData<{ cases: DistributionCase[] }>('torch/distributions.json')
  return cases.filter(({ name }) => names.includes(name))
}
