import { createHash } from 'node:crypto'
import { hostname } from 'node:os'
import {
  type AllreduceChoice,
  Limit,
  type RankSettings,
  rankIdentity,
  rankSettings,
  type TransportChoice,
} from './base/contract.ts'
import { type Control, control, type Member } from './base/control.ts'
import { UsageError } from './base/errors.ts'
import { openPage, ProgressWriter } from './base/progress.ts'
import { segmentBytes } from './base/segment.ts'
import { StopWord } from './base/stopword.ts'
import { mapSharedMemory } from './base/system.ts'
import { takeSpans } from './base/trace.ts'
import { Communicator } from './collective/communicator.ts'
import { inprocTransports } from './collective/inproc.ts'
import { judge } from './collective/judge.ts'
import { meet } from './collective/rendezvous.ts'
import { SharedMemory } from './collective/shm.ts'
import { offeredAddresses } from './collective/zmq/addresses.ts'
import { type Listening, ZmqTransport } from './collective/zmq.ts'

let generation = 0
let page: ArrayBufferLike | undefined
let writer: ProgressWriter | undefined
let word: StopWord | undefined
const open = new Set<Communicator>()

/** How this communicator works, where it is not to follow the command line. The same on all ranks. */
export interface ConnectOptions {
  transport?: TransportChoice
  allreduce?: AllreduceChoice
}

/**
 * Joins the ranks of this job: any training script becomes data-parallel. Under `pporun -np N` it returns
 * when all N ranks have called it; run on its own, a script is a job of one. Throws UsageError for shared memory that
 * the ranks do not have.
 */
export async function connect(options: ConnectOptions = {}): Promise<Communicator> {
  const { rank, size, localRank, localSize, nodeRank } = rankIdentity()
  const epoch = ++generation
  const pipe = control()
  const settings = rankSettings()
  const common = {
    epoch,
    localRank,
    localSize,
    progress: progress(),
    opTimeout: settings?.opTimeout ?? Limit.operation,
    allreduce: options.allreduce ?? settings?.allreduce ?? 'auto',
  }
  if (!pipe || !settings) return new Communicator(inprocTransports(1)[0], common)

  const memoryFd = options.transport === 'zmq' ? null : settings.memoryFd
  const transport = await ZmqTransport.bind({
    ...{ rank, size, place: { job: tagOf(settings.jobId), epoch } },
    ...{ folder: settings.folder, security: settings.security, network: network(settings) },
  })
  const member = { ...transport.address, node: nodeRank, memory: memoryFd !== null }
  const members = await meet(pipe, epoch, member)
  const levels = haveLevels(members)
  const nodes = members.map(({ node }) => node)
  const here = nodes.flatMap((node, rank) => (node === nodeRank ? [rank] : []))
  refuseIfApart(options.transport ?? 'auto', common.allreduce, levels, new Set(nodes).size)
  await transport.connect(members, settings.startTimeout).catch(async error => {
    throw (await judge(pipe, error, null)) ?? error
  })
  const comm = new Communicator(transport, {
    ...common,
    ...{ memory: sharedMemory(memoryFd, localRank, here), levels, nodes },
    who: `rank ${rank} (${hostname()}, pid ${process.pid})`,
    judge: (error, wait) => judge(pipe, error, wait),
    // The last frame may still be on its way when its sender is done: leave when the launcher has heard from all.
    onClose: async () => {
      open.delete(comm)
      stopListening()
      const { strays } = transport
      if (strays.connections + strays.messages > 0) void pipe.send({ type: 'strays', strays })
      await tellSpans(pipe)
      await pipe.send({ type: 'closed', generation: epoch })
      await pipe.receive('allClosed', order => order.generation === epoch)
    },
  })
  open.add(comm)
  const stopListening = pipe.onAbort(error => comm.abort(error))
  return comm
}

/** Hands over what the timeline has recorded since the last time. */
export async function tellSpans(pipe: Control): Promise<void> {
  const spans = takeSpans()
  if (spans.length > 0) await pipe.send({ type: 'spans', spans })
}

let memory: SharedMemory | undefined

/** What the ranks of this host share; the same for all communicators. */
function sharedMemory(fd: number | null, rank: number, ranks: number[]): SharedMemory | undefined {
  if (fd === null) return undefined
  memory ??= new SharedMemory(mapSharedMemory(fd, segmentBytes(ranks.length)), rank, ranks)
  return memory
}

/** Some host has several ranks, and wherever there are several they share memory. */
function haveLevels(members: Member[]): boolean {
  const several = members.filter(({ node }) => members.filter(other => other.node === node).length > 1)
  return several.length > 0 && several.every(({ memory }) => memory)
}

function refuseIfApart(
  transport: TransportChoice,
  allreduce: AllreduceChoice,
  levels: boolean,
  hosts: number,
): void {
  if (transport === 'shm' && !(levels && hosts === 1))
    throw new UsageError('--transport shm: the ranks of this job do not all share memory')
  if (allreduce === 'hierarchical' && !levels)
    throw new UsageError('--allreduce hierarchical: no host has ranks that share memory; leave it out')
}

/** Where ranks of other hosts may reach this one; null: there are none. */
function network({ network }: RankSettings): Listening['network'] {
  return network && { addresses: offeredAddresses(network), ports: network.ports }
}

/** A number for a job that another is not likely to have. */
const tagOf = (jobId: string): number => createHash('sha256').update(jobId).digest().readInt32LE()

/** Closes what a script has left open at its end: to leave without a word would look like a death. */
export async function closeAll(): Promise<void> {
  for (const comm of open) await comm.close()
}

/** Where this rank writes what it is doing, for the agent to read. */
export function progress(): ProgressWriter {
  writer ??= new ProgressWriter(sharedPage(), rankIdentity().localRank)
  return writer
}

/** What the agent asks of this rank. */
export function stopWord(): StopWord {
  word ??= new StopWord(sharedPage())
  return word
}

function sharedPage(): ArrayBufferLike {
  page ??= openPage(rankSettings()?.progressFd ?? null, rankIdentity().localSize)
  return page
}
