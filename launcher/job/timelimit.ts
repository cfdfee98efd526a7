import { spawnSync } from 'node:child_process'
import { Status, slurmAllocation } from '../../src/base/contract.ts'

/** A controller that does not answer must not keep a job from starting. */
const PATIENCE = 3000 // ms

/** When a job must have ended, and by whose word. */
export interface TimeLimit {
  /** ms since 1970, by this machine's clock. */
  at: number
  /** `--timeout 60 s`. */
  what: string
  /** The job's when all ranks have ended before it, with a checkpoint. */
  exitStatus: number
}

/** The earliest; null: there is none. @param timeout that of --timeout, in seconds */
export function findTimeLimit(timeout: number | null): TimeLimit | null {
  const limits: TimeLimit[] = []
  const now = Date.now()
  if (timeout !== null)
    limits.push({ at: now + timeout * 1000, what: `--timeout ${timeout} s`, exitStatus: Status.timeout })
  const left = slurmSecondsLeft()
  if (left !== null)
    limits.push({ at: now + left * 1000, what: "Slurm's time limit", exitStatus: Status.preempted })
  return limits.toSorted((a, b) => a.at - b.at)[0] ?? null
}

/** Of the Slurm job around this process; null: there is none, or it has no limit. */
function slurmSecondsLeft(): number | null {
  const allocation = slurmAllocation()
  if (allocation === null) return null
  const words = ['--noheader', `--job=${allocation.jobId}`, '--format=%L']
  const { status, stdout } = spawnSync('squeue', words, { encoding: 'utf8', timeout: PATIENCE })
  return status === 0 ? readTimeLeft(stdout.trim()) : null
}

/** Seconds of `1-02:03:04`, `2:03:04` or `3:04`; null of any other word (UNLIMITED, NOT_SET). */
export function readTimeLeft(text: string): number | null {
  const [, days = 0, hours = 0, minutes, seconds] =
    /^(?:(?:(\d+)-)?(\d+):)?(\d+):(\d+)$/.exec(text)?.map(part => Number(part ?? 0)) ?? []
  return seconds === undefined ? null : ((days * 24 + hours) * 60 + minutes) * 60 + seconds
}
