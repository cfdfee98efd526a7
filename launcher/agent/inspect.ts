import { statSync } from 'node:fs'
import { findGpus, mayHaveGpu } from '../gpus.ts'
import type { AgentJob } from '../protocol.ts'

/** What an agent looks at before it starts ranks, and for `--check` instead. */

/** The devices of this host that are the job's; null: there are none, and nobody has said so. */
export function gpusOf({ gpus, environment }: AgentJob): readonly string[] | null {
  if (gpus !== 'all') return gpus
  const found = findGpus(environment.CUDA_VISIBLE_DEVICES)
  return found.length > 0 ? found : null
}

/** Why ranks of this job cannot run here, and how to mend it, for behind the host's name; null: they can. */
export function refusalOf(job: AgentJob): string | null {
  const { workingDirectory, requireGpu } = job
  if (!statSync(workingDirectory, { throwIfNoEntry: false })?.isDirectory())
    return `has no folder ${workingDirectory}; make it there, or name another with --wdir`
  if (requireGpu && !gpusOf(job)?.length && !mayHaveGpu())
    return 'has no GPU, neither in nvidia-smi nor in /dev; leave that host or --require-gpu out'
  return null
}
