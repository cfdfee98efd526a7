/** The public API: everything that a script imports from 'pporun'. */
export { DriftError, NonFiniteError, PporunError, UsageError } from './base/errors.ts'
export type { TypedArray } from './collective/arrays.ts'
export type { Communicator } from './collective/communicator.ts'
export type { ReduceOp } from './collective/reduce.ts'
export { type ConnectOptions, connect } from './connect.ts'
export type { TrainResult } from './describe.ts'
export { makeEnv } from './env/single.ts'
export type { TrainOptions } from './options.ts'
export type { EvaluateOptions, Evaluation } from './policy/evaluate.ts'
export { evaluate, loadPolicy, type Policy } from './policy/policy.ts'

export { train } from './train.ts'
export { reportOnRun, writeReport } from './web/report.ts'
