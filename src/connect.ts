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
import { type Control, control } from './base/control.ts'
import { UsageError } from './base/errors.ts'
import { openProgress, type ProgressWriter } from './base/progress.ts'
import { segmentBytes } from './base/segment.ts'
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
let writer: ProgressWriter | undefined
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
    node: nodeRank,
    progress: progress(),
    opTimeout: settings?.opTimeout ?? Limit.operation,
    allreduce: options.allreduce ?? settings?.allreduce ?? 'auto',
  }
  if (!pipe || !settings) return new Communicator(inprocTransports(1)[0], common)

  const memory = options.transport === 'zmq' ? undefined : sharedMemory(settings.memoryFd, rank, size)
  if (options.transport === 'shm' && !memory)
    throw new UsageError('connect: the ranks of this job share no memory')
  const transport = await ZmqTransport.bind({
    ...{ rank, size, place: { job: tagOf(settings.jobId), epoch } },
    ...{ folder: settings.folder, security: settings.security, network: network(settings) },
  })
  const addresses = await meet(pipe, epoch, transport.address)
  await transport.connect(addresses, settings.startTimeout).catch(async error => {
    throw (await judge(pipe, error, null)) ?? error
  })
  const comm = new Communicator(transport, {
    ...common,
    memory,
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

/** What all ranks of the job share, if they are on one host; the same for all communicators. */
function sharedMemory(fd: number | null, rank: number, size: number): SharedMemory | undefined {
  if (fd === null) return undefined
  const ranks = Array.from({ length: size }, (_, i) => i)
  memory ??= new SharedMemory(mapSharedMemory(fd, segmentBytes(size)), rank, ranks)
  return memory
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
  const { localRank, localSize } = rankIdentity()
  writer ??= openProgress(rankSettings()?.progressFd ?? null, localRank, localSize)
  return writer
}
