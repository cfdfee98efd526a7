import { existsSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { NetworkChoice } from '../src/base/contract.ts'
import { UsageError } from '../src/base/errors.ts'
import type { RunArgs } from './args.ts'
import { checkedFaults } from './faultoption.ts'
import type { Plan, PlannedHost } from './plan.ts'
import type { AgentJob } from './protocol.ts'

/** What the agents of a plan's hosts are told, by node. Throws UsageError. */
export function agentJobsOf(args: RunArgs, plan: Plan, jobId: string): AgentJob[] {
  return plan.hosts.map(host => agentJob(args, plan, jobId, host))
}

/** What the agent of one host is told, also of one that has come into the plan later. Throws UsageError. */
export function agentJob(args: RunArgs, plan: Plan, jobId: string, host: PlannedHost): AgentJob {
  const elastic = args.onFailure !== 'abort'
  return {
    jobId,
    np: plan.np,
    ranks: host.ranks,
    localRanks: host.ranks.map((_, local) => local),
    localSize: host.ranks.length,
    nodeRank: host.node,
    numNodes: plan.hosts.length,
    scriptArgs: args.scriptArgs,
    workingDirectory: workingDirectory(args.wdir),
    gpus: host.gpus,
    requireGpu: args.requireGpu,
    environment: { ...args.environment, ...host.env },
    allreduce: args.allreduce,
    transport: args.transport,
    security: args.security,
    timeline: args.timeline,
    elastic,
    joins: false,
    // Other hosts may come.
    network: plan.hosts.length > 1 || (elastic && args.hostfile !== null) ? networkChoice(args, host) : null,
    resumes: args.requeue,
    faults: checkedFaults(args.faults, plan.np),
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
