/** The public API: everything that a script imports from 'pporun'. */
export { DriftError, GroupChangedError, NonFiniteError, PporunError, UsageError } from './base/errors.ts'
// The pieces that train() is made of, for loops of one's own.
export {
  addVector,
  mergeVectors,
  type VectorMoments,
  vectorMoments,
} from './base/math/moments.ts'
export type { TypedArray } from './collective/arrays.ts'
export type { Communicator } from './collective/communicator.ts'
export type { ReduceOp } from './collective/reduce.ts'
export { type AlgorithmName, choose as autoAlgorithm } from './collective/table.ts'
export { type ConnectOptions, connect } from './connect.ts'
export type { TrainResult } from './describe.ts'
export type { ActionStreams, Actions, Normalizer } from './engine/engine.ts'
export { Categorical } from './engine/heads/categorical.ts'
export type { Distribution, Slopes } from './engine/heads/distribution.ts'
export { Gaussian } from './engine/heads/gaussian.ts'
export { autoEngine, type EngineTimes, measureEngines } from './engine/measure.ts'
export {
  type Batch,
  type FunctionNetwork,
  type MakeNetwork,
  type NetworkTask,
  registerNetwork,
} from './engine/tfjs/networks.ts'
export { checkEnv } from './env/checkenv.ts'
export type { DictEnvironment, Environment, ResetResult, StepResult } from './env/environment.ts'
export { type EnvTimes, measureEnvironments } from './env/measure.ts'
export { NormalizeObservation, NormalizeReward } from './env/normalizing.ts'
export { environmentIds, makeVectorEnv, registerEnv } from './env/registry.ts'
export { type Env, makeEnv } from './env/single.ts'
export {
  type ActionSpace,
  type BoxSpace,
  box,
  type DictSpace,
  type DiscreteSpace,
  dict,
  type Observation,
  type ObservationSpace,
} from './env/spaces.ts'
export type { VectorEnv } from './env/vectorenv.ts'
export {
  FrameStackObservation,
  RecordEpisodeStatistics,
  RepeatAction,
  TimeLimit,
  Wrapper,
} from './env/wrappers.ts'
export { type GridMember, gridOf } from './grid.ts'
export { measureTraining, type TrainingTimes } from './measure.ts'
export type { TrainOptions } from './options.ts'
export type { EvaluateOptions, Evaluation } from './policy/evaluate.ts'
export { evaluate, loadPolicy, type Policy } from './policy/policy.ts'
export { computeGae, type GaeRollout } from './ppo/gae.ts'
export { normalizedReward, normalizeRows, observationNormalizer, rewardScale } from './ppo/normalize.ts'
export { type Episode, Rollout } from './ppo/rollout.ts'
export { Running } from './ppo/running.ts'
export {
  type Adaptation,
  adapt,
  klLearningRate,
  linear,
  paperKlCoefficient,
  rllibKlCoefficient,
  type Schedule,
  scheduled,
} from './ppo/schedules.ts'
export { computeVtrace, type VtraceClips, type VtraceRollout } from './ppo/vtrace.ts'
export type { Cluster } from './scaling/cluster.ts'
export { type Costs, type Link, links, middleOf } from './scaling/costs.ts'
export {
  type LearningRateRule,
  learningRateRules,
  noiseOf,
  oneHash,
  rowsOf,
  type ScalingRow,
  type Trial,
  weakWords,
} from './scaling/experiment.ts'
export {
  asOne,
  batchFor80,
  type Job,
  type Prediction,
  paysUpTo,
  predict,
} from './scaling/predict.ts'
export { type SimulatedRank, simulate } from './scaling/simulate.ts'
export { type TraceEvent, type Work, workOf } from './scaling/work.ts'
export { train } from './train.ts'
export { watch } from './watch.ts'
export { reportOnRun, writeReport } from './web/report.ts'
export { readFields as readRun } from './web/run.ts'
export { trialOf, writeScaling } from './web/scaling.ts'
export type { Watching } from './web/watch.ts'
