import type { Reduction } from '../base/contract.ts'
import type { Kind } from './check.ts'
import { fields } from './fields.ts'
import type { LrSchedule, Schedule } from './schedules.ts'

/**
 * The configuration of a training run (fields.ts has defaults and docs). Names are CleanRL's and
 * Stable-Baselines3's; all sizes are global, so that the number of ranks never changes the learning problem.
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
  lrSchedule: LrSchedule
  gamma: number
  gaeLambda: number
  clipCoef: number | null
  clipSchedule: Schedule
  valueClip: number | null
  valueClipMode: 'max' | 'replace'
  valueLoss: 'mse' | 'huber'
  entCoef: number
  entSchedule: Schedule
  vfCoef: number
  maxGradNorm: number
  targetKl: number | null
  klCoef: number
  klTarget: number | null
  normalizeAdvantages: 'minibatch' | 'batch' | 'none'
  normalizeObservations: boolean
  normalizeRewards: boolean
  network: string | null
  encoder: 'none' | 'small' | 'nature' | 'impala'
  keyEncoders: string[] | null
  hidden: number[]
  activation: 'tanh' | 'relu' | 'elu'
  sharedTrunk: boolean
  engine: string
  reduction: Reduction | null
  shards: number | null
  parallelism: 'allreduce' | 'local' | 'sampler' | 'server' | 'model' | 'async' | 'population' | 'federated'
  /** Shards go to ranks by how fast they are. */
  rebalance: boolean
  average: 'all' | 'params'
  averageEvery: number
  averageUnit: 'minibatches' | 'updates'
  learners: number
  servers: number
  /** Parameter servers wait for nobody. */
  async: boolean
  modelParallel: number | null
  maxStaleness: number | null
  correction: 'vtrace' | 'none'
  lag: number
  members: number | null
  exploitEvery: number | null
  explore: number
  spread: number
  clientEnvs: string[] | null
  clientShards: number[] | null
  localUpdates: number
  clientFraction: number
  dropout: number
  secure: boolean
  updateClip: number | null
  updateNoise: number
  checkpointEvery: number | null
  keep: number
  evalEpisodes: number | null
  resume: string | null
}

export interface Field {
  kind: Kind
  /** Whether a run may go on with another value. */
  mayChange?: true
  /** What holds unless a preset, the config or an option says otherwise. */
  default: string | number | boolean | number[] | string[] | null
  /** The word for null, where a field may be null: `off`, or `auto` if something is derived then. */
  none?: string
  doc: string
  /** Among the options that `--help` shows. */
  common?: true
}

/** The defaults alone. */
export function defaultConfig(): TrainConfig {
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [name, field.default]),
  ) as unknown as TrainConfig
}
