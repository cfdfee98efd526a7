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
import { type Control, control, type Member, type Membership } from './base/control.ts'
import { UsageError } from './base/errors.ts'
import { openPage, ProgressWriter } from './base/progress.ts'
import { StopWord } from './base/stopword.ts'
import { takeSpans } from './base/trace.ts'
import type { CommunicatorOptions } from './collective/calls.ts'
import { Communicator } from './collective/communicator.ts'
import { inprocTransports } from './collective/inproc.ts'
import { judge } from './collective/judge.ts'
import { meet } from './collective/rendezvous.ts'
import { offeredAddresses } from './collective/zmq/addresses.ts'
import { type Listening, ZmqTransport } from './collective/zmq.ts'
import { Segments } from './segments.ts'

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
 *
 * With --on-failure shrink or replace calls reject with GroupChangedError when other ranks take part from now on;
 * connect() then gives a communicator of those, in which this one may have another rank.
 */
export async function connect(options: ConnectOptions = {}): Promise<Communicator> {
  const pipe = control()
  const settings = rankSettings()
  if (!pipe || !settings) return alone(options)
  const { epoch, ranks, memory } = await takePart(pipe, settings)
  const { rank, size, nodeRank } = rankIdentity()
  const transport = await ZmqTransport.bind({
    ...{ rank, size, place: { job: tagOf(settings.jobId), epoch } },
    ...{ folder: settings.folder, security: settings.security, network: network(settings) },
  })
  try {
    const offersMemory = memory !== null && options.transport !== 'zmq'
    const members = await meet(pipe, epoch, { ...transport.address, node: nodeRank, memory: offersMemory })
    const nodes = members.map(member => member?.node ?? -1)
    const here = ranks.filter(rank => nodes[rank] === nodeRank)
    const levels = haveLevels(members.filter(member => member !== null))
    const allreduce = options.allreduce ?? settings.allreduce
    if (!membership) refuseIfApart(options.transport ?? 'auto', allreduce, levels, here.length < ranks.length)
    await transport.connect(members, settings.startTimeout).catch(async error => {
      throw (await judge(pipe, epoch, error, null, verdictLimit(settings))) ?? error
    })
    return opened(pipe, transport, epoch, {
      ...{ epoch, allreduce, progress: progress(), opTimeout: settings.opTimeout },
      ...{ ranks, nodes, levels, localRank: here.indexOf(rank), localSize: here.length },
      ...(levels && memory && here.length > 1 && { memory: memory.shared(rank, here) }),
      who: `rank ${rank} (${hostname()}, pid ${process.pid})`,
      judge: (error, wait) => judge(pipe, epoch, error, wait, verdictLimit(settings)),
    })
  } catch (error) {
    transport.close()
    throw error
  }
}

function alone({ allreduce = 'auto' }: ConnectOptions): Communicator {
  const place = { epoch: ++generation, localRank: 0, localSize: 1 }
  const { operation: opTimeout } = Limit
  return new Communicator(inprocTransports(1)[0], { ...place, progress: progress(), opTimeout, allreduce })
}

/** A communicator that the end of the job, or a change of its ranks, finds. */
function opened(
  pipe: Control,
  transport: ZmqTransport,
  epoch: number,
  options: CommunicatorOptions,
): Communicator {
  const comm = new Communicator(transport, {
    ...options,
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
    onDiscard: () => {
      open.delete(comm)
      stopListening()
    },
  })
  const stopListening = pipe.onFailure(error => comm.abort(error))
  open.add(comm)
  return comm
}

let generation = 0
let membership: Membership | null = null
let memory: Segments | null | undefined

/** Who takes part, the number of their next communicator, and the memory that those of this host meet in. */
async function takePart(
  pipe: Control,
  { joins, memoryFd }: RankSettings,
): Promise<{ epoch: number; ranks: readonly number[]; memory: Segments | null }> {
  const { rank, size, localSize, nodeRank } = rankIdentity()
  memory ??= memoryFd === null ? null : new Segments(memoryFd, localSize)
  if (joins && !membership) await pipe.join()
  const now = pipe.takeMembership()
  if (now && now !== membership) {
    for (const comm of [...open]) comm.discard()
    membership = now
    generation = now.epoch
    const here = now.ranks.filter((_, i) => now.nodes[i] === nodeRank)
    memory?.change(now.half, rank, here)
  }
  const ranks = membership?.ranks ?? Array.from({ length: size }, (_, rank) => rank)
  return { epoch: ++generation, ranks, memory }
}

/** Who may be replaced is waited for until that is known. */
const verdictLimit = ({ elastic }: RankSettings): number => (elastic ? Limit.change : Limit.verdict)

/** Hands over what the timeline has recorded since the last time. */
export async function tellSpans(pipe: Control): Promise<void> {
  const spans = takeSpans()
  if (spans.length > 0) await pipe.send({ type: 'spans', spans })
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
  severalHosts: boolean,
): void {
  if (transport === 'shm' && (!levels || severalHosts))
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
