import { engineChoices } from '../base/contract.ts'
import type { Schedule } from './schedules.ts'

/**
 * The configuration of a training run: every field with its default and its one-line doc. Names are CleanRL's
 * and Stable-Baselines3's; all sizes are global, so that the number of ranks never changes the learning problem.
 */
export interface TrainConfig {
  env: string
  seed: number
  totalSteps: number
  numEnvs: number
  numSteps: number
  batchSize: number
  updateEpochs: number
  learningRate: number
  lrSchedule: Schedule
  gamma: number
  gaeLambda: number
  clipCoef: number
  clipSchedule: Schedule
  valueClip: number | null
  entCoef: number
  vfCoef: number
  maxGradNorm: number
  targetKl: number | null
  normalizeAdvantages: 'minibatch' | 'batch' | 'none'
  hidden: number[]
  activation: 'tanh' | 'relu' | 'elu'
  engine: string
  shards: number | null
}

/** What a field takes: checked alike for a config object and for the command line. */
export type Kind =
  | { type: 'text' }
  | { type: 'whole'; least: number }
  | { type: 'number'; least: number; most?: number }
  | { type: 'choice'; choices: readonly string[] }
  | { type: 'wholes'; least: number }

export interface Field {
  kind: Kind
  /** What holds unless a preset, the config or an option says otherwise; null: off, or derived. */
  default: string | number | number[] | null
  doc: string
  /** Among the options that `--help` shows. */
  common?: true
}

const whole = (least: number): Kind => ({ type: 'whole', least })
const number = (least: number, most?: number): Kind => ({
  type: 'number',
  least,
  ...(most === undefined ? {} : { most }),
})
const choice = (...choices: string[]): Kind => ({ type: 'choice', choices })
const schedules = choice('linear', 'constant')

export const fields: { [K in keyof TrainConfig]: Field } = {
  env: {
    kind: { type: 'text' },
    default: 'CartPole-v1',
    doc: 'environment; also picks its preset',
    common: true,
  },
  seed: { kind: whole(0), default: 0, doc: 'the same seed gives the same bits', common: true },
  totalSteps: { kind: whole(1), default: 500_000, doc: 'environment steps over all ranks', common: true },
  numEnvs: { kind: whole(1), default: 8, doc: 'environments over all ranks' },
  numSteps: { kind: whole(1), default: 128, doc: 'steps of each environment per update' },
  batchSize: { kind: whole(1), default: 256, doc: 'rows of one global minibatch' },
  updateEpochs: { kind: whole(1), default: 4, doc: 'passes over each rollout' },
  learningRate: { kind: number(0), default: 2.5e-4, doc: "Adam's step size", common: true },
  lrSchedule: { kind: schedules, default: 'linear', doc: 'linear: times 1 - update/updates' },
  gamma: { kind: number(0, 1), default: 0.99, doc: 'discount' },
  gaeLambda: { kind: number(0, 1), default: 0.95, doc: 'lambda of GAE' },
  clipCoef: { kind: number(0), default: 0.2, doc: 'the ratio is clipped to 1 +- this' },
  clipSchedule: { kind: schedules, default: 'constant', doc: 'linear: times 1 - update/updates' },
  valueClip: { kind: number(0), default: null, doc: 'clip the value to this far from the old one (off)' },
  entCoef: { kind: number(0), default: 0.01, doc: 'weight of the entropy bonus' },
  vfCoef: { kind: number(0), default: 0.5, doc: 'weight of the value loss, half a mean square' },
  maxGradNorm: { kind: number(0), default: 0.5, doc: 'longest gradient, after averaging' },
  targetKl: { kind: number(0), default: null, doc: 'end the update at 1.5 times this approximate KL (off)' },
  normalizeAdvantages: {
    kind: choice('minibatch', 'batch', 'none'),
    default: 'minibatch',
    doc: 'the rows that mean and deviation are taken over',
  },
  hidden: { kind: { type: 'wholes', least: 1 }, default: [64, 64], doc: 'widths of the hidden layers' },
  activation: { kind: choice('tanh', 'relu', 'elu'), default: 'tanh', doc: 'of the hidden layers' },
  engine: {
    kind: choice(...engineChoices),
    default: 'auto',
    doc: 'what computes; auto: native if it can, else wasm, with the same bits',
  },
  shards: {
    kind: whole(1),
    default: null,
    doc: 'parts that ranks share out; part of the result (at most 8)',
  },
}

/**
 * Tuned settings by name; an environment's own name is its default. Value losses of rl-zoo are mean squares:
 * their weight is twice vfCoef here.
 */
export const presets: Record<string, Partial<TrainConfig>> = {
  // rl-baselines3-zoo hyperparams/ppo.yml, CartPole-v1.
  'CartPole-v1': {
    totalSteps: 100_000,
    numEnvs: 8,
    numSteps: 32,
    batchSize: 256,
    updateEpochs: 20,
    learningRate: 1e-3,
    lrSchedule: 'linear',
    gamma: 0.98,
    gaeLambda: 0.8,
    clipCoef: 0.2,
    clipSchedule: 'linear',
    entCoef: 0,
    vfCoef: 1,
  },
}

/** The defaults alone. */
export function defaultConfig(): TrainConfig {
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [name, field.default]),
  ) as unknown as TrainConfig
}
