import { engineChoices } from '../base/contract.ts'
import type { Kind } from './check.ts'
import type { Field, TrainConfig } from './config.ts'

/** Every field of the configuration with what it takes, its default and its one line of doc. */

const whole = (least: number): Kind => ({ type: 'whole', least })
const number = (least: number, most?: number): Kind => ({
  type: 'number',
  least,
  ...(most === undefined ? {} : { most }),
})
const choice = (...choices: string[]): Kind => ({ type: 'choice', choices })
const flag: Kind = { type: 'flag' }
const schedules = choice('linear', 'constant')

export const fields: { [K in keyof TrainConfig]: Field } = {
  env: {
    kind: { type: 'text' },
    default: 'CartPole-v1',
    doc: 'environment; also picks its preset',
    common: true,
  },
  seed: { kind: whole(0), default: 0, doc: 'the same seed gives the same bits', common: true },
  totalSteps: {
    kind: whole(1),
    default: 500_000,
    doc: 'environment steps over all ranks',
    common: true,
    mayChange: true,
  },
  numEnvs: { kind: whole(1), default: 8, doc: 'environments over all ranks' },
  numSteps: { kind: whole(1), default: 128, doc: 'steps of each environment per update' },
  batchSize: { kind: whole(1), default: 256, doc: 'rows of one global minibatch' },
  updateEpochs: { kind: whole(1), default: 4, doc: 'passes over each rollout' },
  learningRate: { kind: number(0), default: 2.5e-4, doc: "Adam's step size", common: true },
  lrSchedule: {
    kind: choice('linear', 'constant', 'kl'),
    default: 'linear',
    doc: 'linear: times 1 - update/updates; kl: follows --kl-target; or constant',
  },
  gamma: { kind: number(0, 1), default: 0.99, doc: 'discount' },
  gaeLambda: { kind: number(0, 1), default: 0.95, doc: 'lambda of GAE' },
  clipCoef: { kind: number(0), default: 0.2, none: 'off', doc: 'the ratio is clipped to 1 +- this' },
  clipSchedule: { kind: schedules, default: 'constant', doc: 'constant; linear: times 1 - update/updates' },
  valueClip: {
    kind: number(0),
    default: null,
    none: 'off',
    doc: 'clips values to this far from the old one',
  },
  valueClipMode: {
    kind: choice('max', 'replace'),
    default: 'max',
    doc: "max: the larger loss of both (CleanRL); replace: the clipped one's (SB3)",
  },
  valueLoss: {
    kind: choice('mse', 'huber'),
    default: 'mse',
    doc: 'mse: half a mean square; huber: linear beyond 1',
  },
  entCoef: { kind: number(0), default: 0.01, doc: 'weight of the entropy bonus' },
  entSchedule: { kind: schedules, default: 'constant', doc: 'constant; linear: times 1 - update/updates' },
  vfCoef: { kind: number(0), default: 0.5, doc: 'weight of the value loss' },
  maxGradNorm: { kind: number(0), default: 0.5, doc: 'longest gradient, after averaging' },
  targetKl: { kind: number(0), default: null, none: 'off', doc: 'ends the update at 1.5 times this KL' },
  klCoef: { kind: number(0), default: 0, doc: 'weight of a penalty on KL(old, new)' },
  klTarget: {
    kind: number(0),
    default: null,
    none: 'off',
    doc: 'the penalty adapts to this KL (from --kl-coef, else 1)',
  },
  normalizeAdvantages: {
    kind: choice('minibatch', 'batch', 'none'),
    default: 'minibatch',
    doc: 'over the rows of a minibatch, of the batch, or none',
  },
  normalizeObservations: {
    kind: flag,
    default: false,
    doc: 'to mean 0, deviation 1 of all seen before this update',
  },
  normalizeRewards: { kind: flag, default: false, doc: 'divides by the deviation of discounted returns' },
  network: {
    kind: { type: 'text' },
    default: null,
    none: 'off',
    doc: 'a network of the script (registerNetwork), in place of encoder and hidden layers',
  },
  encoder: {
    kind: choice('none', 'small', 'nature', 'impala'),
    default: 'none',
    doc: 'convolutions before the hidden layers, for pictures; actor and critic share them',
  },
  keyEncoders: {
    kind: { type: 'names' },
    default: null,
    none: 'auto',
    doc: 'of a Dict (picture=small,speed=mlp:64,...); auto: --encoder for pictures, none for vectors',
  },
  hidden: { kind: { type: 'wholes', least: 1 }, default: [64, 64], doc: 'widths of the hidden layers' },
  activation: {
    kind: choice('tanh', 'relu', 'elu'),
    default: 'tanh',
    doc: 'of the hidden layers: tanh, relu, elu',
  },
  sharedTrunk: { kind: flag, default: false, doc: 'actor and critic share the hidden layers' },
  engine: {
    kind: choice(...engineChoices),
    default: 'auto',
    doc: 'what computes; auto: native if it can, else wasm, with the same bits',
  },
  reduction: {
    kind: choice('exact', 'float32'),
    default: null,
    none: 'auto',
    doc: 'of gradients; auto: exact if all engines are; float32: half the bytes',
  },
  shards: {
    kind: whole(1),
    default: null,
    none: 'auto',
    doc: 'parts that ranks share out; part of the result; auto: at most 8',
  },
  checkpointEvery: {
    kind: whole(1),
    default: 50,
    none: 'off',
    doc: 'updates from one checkpoint to the next',
  },
  keep: { kind: whole(1), default: 3, doc: 'newest checkpoints that stay', mayChange: true },
  evalEpisodes: {
    kind: whole(1),
    default: null,
    none: 'off',
    doc: 'evaluates each checkpoint with so many; the best stays: checkpoints/best',
    mayChange: true,
  },
  resume: {
    kind: { type: 'text' },
    default: null,
    none: 'off',
    doc: 'goes on from a run, a checkpoint, or auto: from --out',
    common: true,
    mayChange: true,
  },
  parallelism: {
    kind: choice('allreduce', 'local', 'sampler', 'server', 'model', 'async', 'population', 'federated'),
    default: 'allreduce',
    doc: 'how ranks share the work: see src/parallel',
  },
  rebalance: {
    kind: flag,
    default: false,
    doc: 'spread shards by how fast ranks are; the same bits',
    mayChange: true,
  },
  average: {
    kind: choice('all', 'params'),
    default: 'all',
    doc: "local: all: parameters and Adam's moments; or params alone",
  },
  averageEvery: { kind: whole(1), default: 4, doc: 'local: from one average to the next, in --average-unit' },
  averageUnit: {
    kind: choice('minibatches', 'updates'),
    default: 'minibatches',
    doc: 'local: minibatches or updates',
  },
  learners: {
    kind: whole(1),
    default: 1,
    doc: 'sampler, async: ranks that learn; the others sample',
    mayChange: true,
  },
  servers: {
    kind: whole(1),
    default: 1,
    doc: 'server: ranks that hold and move the parameters',
    mayChange: true,
  },
  modelParallel: {
    kind: whole(1),
    default: null,
    none: 'all',
    doc: 'model: ranks that one network is divided between',
  },
  async: { kind: flag, default: false, doc: 'server: apply each gradient as it comes; not reproducible' },
  maxStaleness: {
    kind: whole(0),
    default: null,
    none: 'auto',
    doc: 'async: updates after which a rollout is too old (8); server --async: steps, a gradient (8 per worker)',
  },
  correction: {
    kind: choice('vtrace', 'none'),
    default: 'vtrace',
    doc: "async: for rollouts of older policies: V-trace, or none, as if they were the present one's",
  },
  lag: { kind: whole(0), default: 0, doc: 'async: updates by which actors get policies late, to study it' },
  members: {
    kind: whole(2),
    default: null,
    none: 'auto',
    doc: 'population: policies; auto: one for each rank',
  },
  exploitEvery: {
    kind: whole(1),
    default: 10,
    none: 'off',
    doc: 'population: updates until the worst quarter goes on from copies of the best',
  },
  explore: {
    kind: number(1),
    default: 1.5,
    doc: 'population: by which a copy differs in learning rate and entropy bonus',
  },
  spread: {
    kind: number(1),
    default: 10,
    doc: 'population: first learning rates lie within this factor of the given one',
  },
  clientEnvs: {
    kind: { type: 'names' },
    default: null,
    none: 'off',
    doc: "federated: each client's environment, in turn (CartPole-v1:length=0.25,...)",
  },
  clientShards: {
    kind: { type: 'wholes', least: 1 },
    default: null,
    none: 'auto',
    doc: "federated: each client's part of the environments, in shards; auto: equal",
  },
  localUpdates: { kind: whole(1), default: 1, doc: 'federated: updates that a client makes per round' },
  clientFraction: { kind: number(0, 1), default: 1, doc: 'federated: chance of a client to be in a round' },
  dropout: { kind: number(0, 1), default: 0, doc: 'federated: chance of a client to drop out of its round' },
  secure: { kind: flag, default: false, doc: 'federated: updates under masks; nobody sees a single one' },
  updateClip: {
    kind: number(0),
    default: null,
    none: 'off',
    doc: "federated: longest update of a client's parameters (norm)",
  },
  updateNoise: {
    kind: number(0),
    default: 0,
    doc: 'federated: deviation of the noise, in --update-clip; epsilon is logged',
  },
}
