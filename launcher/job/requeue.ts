import { spawnSync } from 'node:child_process'
import { Status, slurmAllocation } from '../../src/base/contract.ts'
import { UsageError } from '../../src/base/errors.ts'
import type { RunArgs } from '../args.ts'
import { withCheckpoint } from '../signals.ts'
import type { Cause } from './cause.ts'

/** `--requeue`: a job that Slurm ends before it is done goes back into the queue, and then on from its checkpoint. */

const PATIENCE = 30_000 // ms

/** Throws UsageError where that cannot be. */
export function checkRequeue({ requeue, out }: Pick<RunArgs, 'requeue' | 'out'>): void {
  if (!requeue) return
  if (slurmAllocation() === null)
    throw new UsageError('--requeue: not inside a Slurm job; start it in a batch script, by sbatch')
  if (out === null)
    throw new UsageError('--requeue needs --out DIR: the job goes on from what it finds there')
}

/**
 * Asks Slurm for it if the job was ended from outside, and not by its owner's scancel. Slurm then ends all that is left of
 * the job, this process included.
 */
export function requeueIfAsked({ requeue }: Pick<RunArgs, 'requeue'>, cause: Cause | null, say: Say): void {
  const wasEnded = cause?.rank === null && withCheckpoint(cause.exitStatus) === Status.preempted
  const allocation = slurmAllocation()
  if (!requeue || !wasEnded || allocation === null) return
  const { jobId } = allocation
  const about = scontrol('show', 'job', '--oneliner', jobId)
  if (/ JobState=CANCELLED/.test(about.said)) {
    say(`Slurm job ${jobId} is cancelled: not requeued`)
    return
  }
  say(`asks Slurm to requeue job ${jobId}`)
  const { ok, said } = scontrol('requeue', jobId)
  if (!ok) say(`Slurm does not requeue job ${jobId} (${said}); submit it with sbatch --requeue`)
}

type Say = (text: string) => void

function scontrol(...words: string[]): { ok: boolean; said: string } {
  const { status, signal, stdout, stderr, error } = spawnSync('scontrol', words, {
    encoding: 'utf8',
    timeout: PATIENCE,
  })
  // It may be among the first that Slurm ends.
  return {
    ok: status === 0 || signal === 'SIGTERM' || signal === 'SIGKILL',
    said: error?.message ?? (stdout + stderr).trim(),
  }
}
