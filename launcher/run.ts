import { existsSync, statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type NetworkChoice, Status } from '../src/base/contract.ts'
import { newJobId } from '../src/base/control.ts'
import { UsageError } from '../src/base/errors.ts'
import { checkFolder, holdsRun } from '../src/base/runfolder.ts'
import { canSleepOnMemory } from '../src/base/system.ts'
import { parseRun, type RunArgs } from './args.ts'
import { bundleScript } from './bundle.ts'
import { chooseHosts } from './hosts/choose.ts'
import { Job } from './job.ts'
import { Output } from './output/output.ts'
import { makePlan, type Plan, type PlannedHost } from './plan.ts'
import type { AgentJob } from './protocol.ts'
import { Runs } from './runs.ts'
import { planRemarks, showPlan } from './showplan.ts'
import { onInterrupt } from './signals.ts'
import { spawner } from './spawn/spawn.ts'

/** The shipped no-code trainer, for the bare word `train`. */
const TRAINER = fileURLToPath(new URL('../../scripts/train.ts', import.meta.url))

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
  if (args.dryRun) return dryRun(plan, args)
  checkFolder(args.out ?? 'runs', args.out !== null && !holdsRun(args.out)) // a run may go on: train() decides
  const { np } = plan
  if (args.transport === 'shm' && !canSleepOnMemory())
    throw new UsageError('--transport shm: not on this kind of machine; leave it out')
  const runs = new Runs(args.out, script, np)
  const output = new Output({
    hosts: plan.ranks.map(({ node }) => plan.hosts[node].name),
    tag: args.tagOutput,
    timestamp: args.timestampOutput,
    quiet: args.quiet,
    overflow: () => output.logInto(runs.claim(0).folder),
  })
  if (!named) adviseOnRanks(args.np, output)
  for (const remark of planRemarks(plan)) output.advise(remark)

  const bundle = await bundleScript(script)
  const jobId = newJobId()
  const agentJobs = plan.hosts.map(host => agentJob(args, plan, host, { jobId, bundle }))
  const job = new Job(
    {
      ...args,
      plan,
      spawner: spawner({ mark: ({ node }) => agentJobs[node].mark, ssh: args.ssh }),
      agentJobs,
    },
    output,
    runs,
  )
  const stopListening = onInterrupt((what, status) => job.stop(what, status))
  const status = await job.run().finally(stopListening)
  // A script that never trained has made no run; its logs are kept where somebody asked, or has not seen all.
  const free = args.out === null ? output.hasUnheard : !holdsRun(args.out)
  if (runs.none && free) output.logInto(runs.claim(0).folder)
  runs.finish(job.cause)
  output.end(job.cause === null)
  for (const folder of runs.folders) await ended(folder)
  return status
}

function findScript(name: string): string {
  if (name === 'train' && !existsSync(name)) return TRAINER
  if (!existsSync(name)) throw new UsageError(`script '${name}' does not exist (looked in ${process.cwd()})`)
  if (!statSync(name).isFile()) throw new UsageError(`script '${name}' is not a file`)
  return resolve(name)
}

function adviseOnRanks(np: number | null, output: Output): void {
  const cores = availableParallelism()
  if (np === null && cores > 1) output.advise(`1 rank; this machine has ${cores} cores: try -np ${cores}`)
  else if (np !== null && np > cores) output.advise(`${np} ranks share ${cores} cores`)
}

function dryRun(plan: Plan, { mapBy }: RunArgs): number {
  for (const line of [showPlan(plan, mapBy), ...planRemarks(plan)]) process.stdout.write(`${line}\n`)
  return Status.success
}

/** What the agent of one host of the plan is told. */
function agentJob(
  args: RunArgs,
  plan: Plan,
  host: PlannedHost,
  job: { jobId: string; bundle: string },
): AgentJob {
  return {
    ...job,
    mark: `${job.jobId}.${host.node}`,
    np: plan.np,
    ranks: host.ranks,
    nodeRank: host.node,
    numNodes: plan.hosts.length,
    scriptArgs: args.scriptArgs,
    workingDirectory: workingDirectory(args.wdir),
    environment: { ...args.environment, ...host.env },
    allreduce: args.allreduce,
    transport: args.transport,
    security: args.security,
    network: plan.hosts.length > 1 ? networkChoice(args, host) : null,
    opTimeout: args.opTimeout,
    startTimeout: args.startTimeout,
    grace: args.grace,
  }
}

/** What the hostfile says of a host goes over the command line. */
function networkChoice({ iface, portRange }: RunArgs, host: PlannedHost): NetworkChoice {
  return { address: host.address, iface: host.iface ?? iface, ports: portRange }
}

function workingDirectory(wdir: string | null): string {
  if (wdir !== null && !(existsSync(wdir) && statSync(wdir).isDirectory()))
    throw new UsageError(`--wdir ${wdir}: no such folder`)
  return resolve(wdir ?? '.')
}
