import { holdsRun } from '../src/base/runfolder.ts'
import type { RunArgs } from './args.ts'
import type { Cause } from './job/cause.ts'
import { Job, type JobSettings } from './job/job.ts'
import { requeueIfAsked } from './job/requeue.ts'
import { Timeline } from './job/timeline.ts'
import { Output } from './output/output.ts'
import type { Plan } from './plan.ts'
import { Runs } from './runs.ts'
import { onInterrupt } from './signals.ts'

/** Where what a job does becomes visible. */
export interface Results {
  runs: Runs
  output: Output
}

export function openResults(args: RunArgs, plan: Plan, script: string): Results {
  const hosts = plan.ranks.map(({ node }) => plan.hosts[node].name)
  const runs = new Runs(args.out, script, plan.np, args.timeline ? new Timeline(hosts) : null)
  const output = new Output({
    hosts,
    tag: args.tagOutput,
    timestamp: args.timestampOutput,
    quiet: args.quiet,
    verbose: args.verbose,
    overflow: () => output.logInto(runs.claim(0).folder),
  })
  return { runs, output }
}

/**
 * Runs a job from its start to the last word on it. Returns the exit status; throws UsageError if it cannot start.
 * @param ended told the folder of each run when the job is over.
 */
export async function runJob(
  settings: JobSettings,
  args: RunArgs,
  { runs, output }: Results,
  ended: (folder: string) => Promise<void>,
): Promise<number> {
  const job = new Job(settings, output, runs)
  const stopListening = onInterrupt(job)
  try {
    const status = await job.run()
    const { cause } = job // as it is now: a signal that comes later finds a job that has ended
    if (runs.none && !job.isRefused) keepLogs(args, { runs, output })
    await conclude({ runs, output }, cause, ended)
    requeueIfAsked(args, cause, text => output.say(text))
    return status
  } finally {
    stopListening()
  }
}

/** A script that never trained has made no run; its logs are kept where somebody asked, or has not seen all. */
function keepLogs({ out }: RunArgs, { runs, output }: Results): void {
  const free = out === null ? output.hasUnheard : !holdsRun(out)
  if (free) output.logInto(runs.claim(0).folder)
}

async function conclude(
  { runs, output }: Results,
  cause: Cause | null,
  ended: (folder: string) => Promise<void>,
): Promise<void> {
  runs.finish(cause)
  if (runs.strays) output.say(runs.strays)
  output.end(cause === null)
  for (const folder of runs.folders) await ended(folder)
}
