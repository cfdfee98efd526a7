import { type ChildProcess, spawn } from 'node:child_process'
import { rankEnvironment } from '../../src/base/contract.ts'
import type { RankMessage, RankOrder } from '../../src/base/control.ts'
import { shareOfGpus } from '../plan.ts'
import type { AgentJob, OutputStream } from '../protocol.ts'
import { signalGroup } from '../reap.ts'

/** Must run before any user code in a rank. */
const PRELOAD = new URL('../../bundle/preload.js', import.meta.url).href
/**
 * Young garbage is collected by a rank's own thread: in the hot loop there is little that lives on, and helpers have to be
 * woken first, on cores that other ranks are busy on. V8 takes such a setting when it starts, and not safely later.
 */
const COLLECT_ALONE = '--no-parallel-scavenge'
/** How long output and messages of a rank that has ended may take to be read here; grandchildren may hold the pipes open. */
const DRAIN = 200 // ms

/** Descriptors in a rank. */
const PROGRESS_FD = 4
const MEMORY_FD = 5

/** What the agent has prepared for all its ranks. */
export interface RankPlace {
  script: string
  folder: string
  /** null: the ranks' environment says nothing of devices that pporun should. */
  gpus: readonly string[] | null
  progressFd: number
  /** null: no memory to sum in. */
  memoryFd: number | null
}

export interface RankEvents {
  started(pid: number): void
  output(stream: OutputStream, bytes: Buffer): void
  message(message: RankMessage): void
  exit(pid: number, code: number | null, signal: string | null): void
  /** All that it has printed has been read. */
  drained(): void
}

/** A rank as its agent holds it: a Node process that leads its own process group. */
export class LocalRank {
  readonly rank: number
  readonly local: number
  readonly pid: number
  running = true
  drained = false
  readonly #process: ChildProcess
  #held = false
  /** Since the last look. */
  #wasHeld = false

  /** @param index of the rank among those of its agent. */
  constructor(job: AgentJob, index: number, place: RankPlace, events: RankEvents) {
    this.rank = job.ranks[index]
    this.local = job.localRanks[index]
    const flags = [COLLECT_ALONE, '--import', PRELOAD, '--enable-source-maps']
    this.#process = spawn(process.execPath, [...flags, place.script, ...job.scriptArgs], {
      cwd: job.workingDirectory,
      env: this.#environment(job, place),
      detached: true,
      // Places in this list are the descriptors' numbers in the rank.
      stdio: ['ignore', 'pipe', 'pipe', 'ipc', place.progressFd, place.memoryFd ?? 'ignore'],
    })
    this.pid = this.#process.pid ?? 0
    events.started(this.pid)
    this.#listen(events)
  }

  tell(order: RankOrder): void {
    if (this.#process.connected) this.#process.send(order, () => {})
  }

  /** To the rank's whole process group, also when the rank itself has ended. */
  signal(signal: NodeJS.Signals): void {
    if (this.pid > 0) signalGroup(this.pid, signal)
  }

  /** Leaves output where it is, in the rank's pipes; or takes it again. */
  holdOutput(hold: boolean): void {
    this.#held = hold
    this.#wasHeld ||= hold
    for (const stream of [this.#process.stdout, this.#process.stderr])
      hold ? stream?.pause() : stream?.resume()
  }

  #environment(job: AgentJob, { folder, memoryFd, gpus }: RankPlace): NodeJS.ProcessEnv {
    const { np: size, localSize, nodeRank, numNodes, jobId } = job
    const { opTimeout, startTimeout, allreduce, security, timeline, requireGpu, elastic, joins } = job
    const { network, resumes } = job
    return rankEnvironment(
      { rank: this.rank, size, localRank: this.local, localSize, nodeRank, numNodes },
      {
        ...{
          jobId,
          agentPid: process.pid,
          folder,
          opTimeout,
          startTimeout,
          allreduce,
          security,
          timeline,
          elastic,
          joins,
          requireGpu,
          network,
          resumes,
          faults: job.faults.filter(({ rank }) => rank === this.rank),
        },
        ...{ progressFd: PROGRESS_FD, memoryFd: memoryFd === null ? null : MEMORY_FD },
      },
      { ...job.environment, ...(gpus && ownGpus(shareOfGpus(gpus, this.local, localSize))) },
    )
  }

  #listen(events: RankEvents): void {
    const child = this.#process
    child.on('message', message => events.message(message as RankMessage))
    for (const stream of ['stdout', 'stderr'] as const)
      child[stream]!.on('data', bytes => events.output(stream, bytes))
    child.on('exit', (code, signal) => {
      let told = false
      const tell = () => {
        if (told) return
        told = true
        this.running = false
        events.exit(this.pid, code, signal)
      }
      child.on('close', () => {
        tell()
        this.#drain(events)
      })
      setTimeout(tell, DRAIN)
      this.#drainLater(events)
    })
    child.on('error', () => {})
  }

  /** Only time in which nobody held the output back counts. */
  #drainLater(events: RankEvents): void {
    setTimeout(() => {
      if (!this.#wasHeld) return this.#drain(events)
      this.#wasHeld = this.#held
      this.#drainLater(events)
    }, DRAIN)
  }

  #drain(events: RankEvents): void {
    if (this.drained) return
    this.drained = true
    events.drained()
  }
}

const ownGpus = (devices: readonly string[]) => ({ CUDA_VISIBLE_DEVICES: devices.join(',') })
