/**
 * The errors of pporun. Two kinds reach people: theirs to mend (UsageError, status 2), and a job that
 * failed (PporunError, status 1 unless the error says otherwise). Anything else that is thrown is our bug.
 */

/** A job that cannot go on. `exitStatus` is what a rank that dies of it ends with. */
export class PporunError extends Error {
  readonly exitStatus: number = 1
  /** All ranks throw it alike, or it tells of the job as a whole: to go on without this rank would not help. */
  readonly isEverybodys: boolean = true
}

/** The user's mistake: what, where, how to mend it, in one sentence. No stack is shown. */
export class UsageError extends PporunError {
  override readonly exitStatus: number = 2
}

/** The job ends for a reason that another rank or the launcher has already reported: nothing to print. */
export class AbortedError extends PporunError {
  /** What this rank was waiting for when it learned of it; null if it was not. */
  readonly wait: Wait | null

  constructor(message: string, wait: Wait | null = null) {
    super(message)
    this.wait = wait
  }
}

/** The job was asked to end, and has: after an update, with a checkpoint to go on from. */
export class PreemptedError extends PporunError {
  override readonly exitStatus: number

  constructor(message: string, exitStatus = 75) {
    super(message)
    this.exitStatus = exitStatus
  }
}

/**
 * Other ranks take part from now on (--on-failure shrink or replace): every communicator of this rank has come to its
 * end, and connect() gives one of those that are there now. train() does so by itself.
 */
export class GroupChangedError extends AbortedError {}

/** What a rank waits for, in a collective or in recv(). */
export interface Wait {
  op: string
  /** Number of the call; of the message of the pair, for recv(). */
  sequence: number
  /** The communicator: 0 is all ranks', split() makes the others. */
  group: number
  /** The rank waited for, and which message of the call; null where all are waited for together. */
  from: number | null
  message: number | null
  seconds: number
}

/** `rank 5 (node2, pid 812) waits for message 3 of allreduce #8812 from rank 4 since 11.2 s` */
export function describeWait(who: string, { op, sequence, group, from, message, seconds }: Wait): string {
  const call = `${op} #${sequence}${group ? ` of group ${group}` : ''}`
  const what = message === null ? call : `message ${message} of ${call}`
  return `${who} waits for ${what}${from === null ? '' : ` from rank ${from}`} since ${seconds.toFixed(1)} s`
}

/** A number that is not finite reached a loss, a gradient or a parameter. All ranks throw it at the same step. */
export class NonFiniteError extends PporunError {}

/** Ranks that must hold equal parameters do not. */
export class DriftError extends PporunError {}
