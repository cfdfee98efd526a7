import { availableParallelism } from 'node:os'
import { Status } from '../src/base/contract.ts'
import { newJobId } from '../src/base/control.ts'
import { UsageError } from '../src/base/errors.ts'
import { checkFolder, holdsRun } from '../src/base/runfolder.ts'
import { canSleepOnMemory } from '../src/base/system.ts'
import { agentJob, agentJobsOf } from './agentjob.ts'
import { parseRun, type RunArgs } from './args.ts'
import { bundleScript } from './bundle.ts'
import { checkHosts, showHosts } from './check.ts'
import { findGpus } from './gpus.ts'
import { chooseHosts } from './hosts/choose.ts'
import { ListedHosts } from './hosts/listed.ts'
import { checkRequeue } from './job/requeue.ts'
import { findTimeLimit } from './job/timelimit.ts'
import type { Output } from './output/output.ts'
import { checkMinNp, makePlan, type Plan, type PlannedHost, withGpus } from './plan.ts'
import type { AgentJob } from './protocol.ts'
import { openResults, runJob } from './runjob.ts'
import { findScript } from './script.ts'
import { planRemarks, showPlan } from './showplan.ts'
import { type Spawner, spawner } from './spawn/spawn.ts'

/**
 * `pporun [run]`: checks everything that can be checked, then starts the ranks. Returns the exit status.
 * @param ended told the folder of each run when the job is over.
 */
export async function run(
  argv: readonly string[],
  ended: (folder: string) => Promise<void>,
): Promise<number> {
  const args = parseRun(argv)
  const script = findScript(args.script)
  const { hosts, named } = chooseHosts(args)
  const plan = makePlan(hosts, args)
  checkMinNp(args.minNp, plan.np)
  if (args.dryRun) return dryRun(plan, args)
  checkRequeue(args)
  checkFolder(args.out ?? 'runs', args.out !== null && !holdsRun(args.out)) // a run may go on: train() decides
  if (args.transport === 'shm' && !canSleepOnMemory())
    throw new UsageError('--transport shm: not on this kind of machine; leave it out')
  const results = openResults(args, plan, script)
  const { output } = results
  if (!named) adviseOnRanks(args.np, output)
  for (const remark of planRemarks(plan)) output.advise(remark)

  for (const line of showPlan(plan, args.mapBy).split('\n')) output.step(line)
  const jobId = newJobId()
  const agentJobs = agentJobsOf(args, plan, jobId)
  const starter = spawner({ jobId, ssh: args.ssh })
  const bundle = bundleScript(script)
  bundle.then(
    () => output.step(`${script} bundled`),
    () => {},
  )
  if (args.check) return check(plan, starter, agentJobs, bundle, args)
  const settings = {
    ...args,
    plan,
    spawner: starter,
    bundle,
    limit: findTimeLimit(args.timeout),
    agentJob: (host: PlannedHost) => agentJobs[host.node] ?? agentJob(args, plan, jobId, host),
    hosts: new ListedHosts(
      () => chooseHosts(args).hosts,
      hosts,
      args.hostfile,
      text => output.say(text),
    ),
  }
  return runJob(settings, args, results, ended)
}

function adviseOnRanks(np: number | null, output: Output): void {
  const cores = availableParallelism()
  if (np === null && cores > 1) output.advise(`1 rank; this machine has ${cores} cores: try -np ${cores}`)
  else if (np !== null && np > cores) output.advise(`${np} ranks share ${cores} cores`)
}

function dryRun(given: Plan, { mapBy, environment }: RunArgs): number {
  const here = given.hosts.find(({ via, gpus }) => via === 'local' && gpus === 'all')
  const asked = here && { ...environment, ...here.env }.CUDA_VISIBLE_DEVICES
  const plan = here ? withGpus(given, here.node, findGpus(asked)) : given
  for (const line of [showPlan(plan, mapBy), ...planRemarks(plan)]) process.stdout.write(`${line}\n`)
  return Status.success
}

/** `--check`: all that a start looks at, and then no rank. */
async function check(
  plan: Plan,
  spawn: Spawner,
  jobs: readonly AgentJob[],
  bundle: Promise<string>,
  { mapBy }: RunArgs,
): Promise<number> {
  const say = (text: string) => process.stderr.write(`pporun: ${text}\n`)
  const [hosts] = await Promise.all([checkHosts(plan, spawn, jobs, say), bundle])
  for (const line of [showPlan(plan, mapBy), ...planRemarks(plan), 'ready:', ...showHosts(hosts)])
    process.stdout.write(`${line}\n`)
  return Status.success
}
