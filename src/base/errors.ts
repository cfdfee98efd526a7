/**
 * The errors of pporun. Two kinds reach people: theirs to mend (UsageError, status 2), and a job that
 * failed (PporunError, status 1 unless the error says otherwise). Anything else that is thrown is our bug.
 */

/** A job that cannot go on. `exitStatus` is what a rank that dies of it ends with. */
export class PporunError extends Error {
  readonly exitStatus: number = 1
}

/** The user's mistake: what, where, how to mend it, in one sentence. No stack is shown. */
export class UsageError extends PporunError {
  override readonly exitStatus: number = 2
}

/** The job ends for a reason that another rank or the launcher has already reported: nothing to print. */
export class AbortedError extends PporunError {}

/** A number that is not finite reached a loss, a gradient or a parameter. All ranks throw it at the same step. */
export class NonFiniteError extends PporunError {}

/** Ranks that must hold equal parameters do not. */
export class DriftError extends PporunError {}
