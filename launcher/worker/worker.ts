import { type WorkerIdentity, workerIdentity } from '../../src/base/contract.ts'
import { newJobId } from '../../src/base/control.ts'
import { UsageError } from '../../src/base/errors.ts'
import { checkFolder, holdsRun } from '../../src/base/runfolder.ts'
import { addonProblem } from '../../src/collective/rendezvous.ts'
import { serve } from '../agent/serve.ts'
import { agentJobsOf } from '../agentjob.ts'
import { parseRun, type RunArgs } from '../args.ts'
import { bundleScript } from '../bundle.ts'
import { factsOfThisHost } from '../facts.ts'
import { findGpus } from '../gpus.ts'
import { ListedHosts } from '../hosts/listed.ts'
import { checkRequeue } from '../job/requeue.ts'
import { findTimeLimit } from '../job/timelimit.ts'
import { checkMinNp, type Plan, type PlannedHost } from '../plan.ts'
import { type AgentJob, markOf } from '../protocol.ts'
import { openResults, runJob } from '../runjob.ts'
import { findScript } from '../script.ts'
import { spawnLocal } from '../spawn/local.ts'
import { Hub } from './hub.ts'
import { join, machineId } from './join.ts'
import { startKeeper } from './keeper.ts'
import { findPlace, keyOf, leaveNote, newToken, type Place, removeNote } from './place.ts'

type Ended = (folder: string) => Promise<void>

/**
 * `pporun worker`: one rank, started by somebody else's launcher. The worker of rank 0 is the launcher of the job as
 * well; the others are agents, and come to it instead of being started. Returns the exit status.
 */
export async function worker(argv: readonly string[], ended: Ended): Promise<number> {
  const args = parseRun(argv)
  if (args.onFailure === 'replace')
    throw new UsageError('pporun worker: who has started the workers replaces them; use --on-failure shrink')
  const script = findScript(args.script)
  const identity = workerIdentity()
  if (identity === null)
    throw new UsageError(
      'pporun worker: no rank in the environment; start it by srun, mpirun, torchrun or an Indexed Job of Kubernetes, or write pporun -np N',
    )
  const { rank, size } = identity
  if (!(Number.isInteger(size) && size >= 1 && Number.isInteger(rank) && rank >= 0 && rank < size))
    throw new UsageError(`pporun worker: rank ${rank} of ${size} in the environment cannot be`)
  checkMinNp(args.minNp, size)
  const place = findPlace(args.out, identity.key)
  return rank === 0 ? lead(args, script, size, place, ended) : follow(args, identity, place)
}

async function follow(args: RunArgs, identity: WorkerIdentity, place: Place): Promise<number> {
  const facts = factsOfThisHost({ addon: await addonProblem(), gpus: findGpus() })
  const socket = await join(identity, place, args.startTimeout)
  const mark = newJobId()
  startKeeper(mark)
  return serve(mark, socket, socket, facts)
}

async function lead(
  args: RunArgs,
  script: string,
  size: number,
  place: Place,
  ended: Ended,
): Promise<number> {
  checkRequeue(args)
  checkFolder(args.out ?? 'runs', args.out !== null && !holdsRun(args.out))
  const plan = planOf(size)
  const machines = plan.hosts.map(() => machineId())
  const token = place.type === 'tcp' ? place.token : newToken()
  const hub = await Hub.open(
    keyOf(token),
    place.type === 'tcp' ? place.port : 0,
    size,
    ({ rank, host, machine }) => {
      plan.hosts[rank].name = host
      machines[rank] = machine
    },
  )
  if (place.type === 'file') leaveNote(place.path, hub.port, token)
  const jobId = newJobId()
  const jobs = agentJobsOf(args, plan, jobId)
  const settings = {
    ...args,
    plan,
    spawner: {
      spawn: ({ node }: PlannedHost) => (node === 0 ? spawnLocal(markOf(jobId, 0)) : hub.agent(node)),
      explain: ({ name }: PlannedHost, { how }: { how: string }) => `${name}: ${how}`,
    },
    agentJob: ({ node }: PlannedHost) => placed(jobs[node], machines),
    bundle: bundleScript(script),
    limit: findTimeLimit(args.timeout),
    hosts: new ListedHosts(
      () => [],
      [],
      null,
      () => {},
    ),
  }
  try {
    return await runJob(settings, args, openResults(args, plan, script), ended)
  } finally {
    hub.close()
    if (place.type === 'file') removeNote(place.path)
  }
}

/** One agent for each rank, wherever it is. */
function planOf(size: number): Plan {
  const unset = { user: null, port: null, maxSlots: null, address: null, iface: null }
  const hosts = Array.from({ length: size }, (_, rank): PlannedHost => {
    const via = rank === 0 ? 'local' : 'worker'
    return {
      ...unset,
      name: `worker ${rank}`,
      via,
      slots: 1,
      gpus: 'all',
      env: {},
      node: rank,
      ranks: [rank],
    }
  })
  hosts[0].name = machineId().split(' ')[0]
  const ranks = hosts.map((_, rank) => ({ rank, node: rank, localRank: 0, gpus: null }))
  return { np: size, hosts, ranks }
}

/** Who shares a machine shows when all have come. */
function placed(job: AgentJob, machines: readonly string[]): AgentJob {
  const [rank] = job.ranks
  const all = [...new Set(machines)]
  const together = machines.flatMap((machine, other) => (machine === machines[rank] ? [other] : []))
  const network = job.network && all.length === 1 ? { ...job.network, address: '127.0.0.1' } : job.network
  return {
    ...job,
    network,
    localRanks: [together.indexOf(rank)],
    localSize: together.length,
    nodeRank: all.indexOf(machines[rank]),
    numNodes: all.length,
  }
}
