import type { Fault } from './fault.ts'

/**
 * What processes of one job agree on: environment variables, exit statuses, time limits, the wire version.
 * The only file that reads process.env.
 */

import { homedir } from 'node:os'
import { join } from 'node:path'

/** Version of frames and control messages; ranks of another version are refused. */
export const WIRE_VERSION = 5

/** --engine: what computes (src/engine/select.ts). */
export const engineChoices = [
  'auto',
  'native',
  'wasm',
  'tfjs-node-gpu',
  'tfjs-node',
  'webgpu',
  'tfjs-wasm',
  'tfjs-cpu',
  'reference',
] as const

/** --reduction: of gradients over ranks (src/ppo/exactsum.ts). */
export type Reduction = 'exact' | 'float32'

/** --allreduce: how gradients are added up (src/collective/table.ts). */
export const allreduceChoices = ['auto', 'ring', 'direct', 'hierarchical', 'star'] as const
export type AllreduceChoice = (typeof allreduceChoices)[number]

/** --transport: what carries the sums; auto: shared memory where all ranks are on one host. */
export const transportChoices = ['auto', 'shm', 'zmq'] as const
export type TransportChoice = (typeof transportChoices)[number]

/** --on-failure: what follows when a rank or a host is lost. */
export const failureChoices = ['abort', 'shrink', 'replace'] as const
export type OnFailure = (typeof failureChoices)[number]

/** --security: of connections between hosts. */
export const securityChoices = ['curve', 'none'] as const
export type Security = (typeof securityChoices)[number]

/** Exit statuses of `pporun` (128 + n: the cause died of signal n). */
export const Status = {
  success: 0,
  failure: 1,
  usage: 2,
  /** Asked to end, and has a complete checkpoint: requeue me (EX_TEMPFAIL). */
  preempted: 75,
  timeout: 124,
  interrupted: 130,
} as const

/** Time limits in seconds; those with an option are its default. */
export const Limit = {
  /** --op-timeout: a rank waited for in a collective. */
  operation: 120,
  /** When such a wait is worth a warning. */
  slowOperation: 10,
  /** --start-timeout: from launch until all ranks have met. */
  start: 60,
  /** --grace: from TERM to KILL. */
  grace: 10,
  /** Before a time limit of the job: for the last checkpoint, and for everybody to leave. */
  farewell: 3,
  /** From the abort after a failure to KILL. */
  abort: 2,
  /** Silence of a host, or of the launcher as an agent sees it, until it is given up: named within 10 s. */
  silence: 8,
  /** Until a stopped process is named. */
  stopped: 3,
  /** How long a rank that cannot go on waits for the launcher to find out why. */
  verdict: 3,
  /** The same where the job may go on without the one that is to blame: it may take `silence` to tell. */
  change: 12,
} as const

/** Who a process is within its job. */
export interface RankIdentity {
  rank: number
  size: number
  localRank: number
  localSize: number
  nodeRank: number
  numNodes: number
}

/** Which of a host's addresses and ports are for its ranks' sockets; what is null is found out. */
export interface NetworkChoice {
  address: string | null
  /** An interface's name, or a network as 10.0.0.0/8. */
  iface: string | null
  /** First and last. */
  ports: readonly [number, number] | null
}

/** What an agent tells its ranks besides who they are. */
export interface RankSettings {
  jobId: string
  agentPid: number
  /** 0700 folder for the job's sockets. */
  folder: string
  /** Descriptor of the page of shared memory with every rank's progress (base/progress.ts). */
  progressFd: number
  /** Descriptor of the memory that all ranks of the job share; null: they go over sockets. */
  memoryFd: number | null
  /** Seconds. */
  opTimeout: number
  startTimeout: number
  allreduce: AllreduceChoice
  security: Security
  /** Whether ranks record what they do. */
  timeline: boolean
  /** The job goes on without ranks that are lost (--on-failure shrink or replace). */
  elastic: boolean
  /** This rank takes the place of one that was lost, in a job that is under way. */
  joins: boolean
  /** Whether a rank that does not compute on a GPU is refused. */
  requireGpu: boolean
  /** null: all ranks are on this host. */
  network: NetworkChoice | null
  /** train() goes on from what it finds in its folder, unless it is told otherwise. */
  resumes: boolean
  /** What goes wrong in this rank on purpose. */
  faults: Fault[]
}

const IDENTITY = {
  rank: 'PPORUN_RANK',
  size: 'PPORUN_SIZE',
  localRank: 'PPORUN_LOCAL_RANK',
  localSize: 'PPORUN_LOCAL_SIZE',
  nodeRank: 'PPORUN_NODE_RANK',
  numNodes: 'PPORUN_NUM_NODES',
} as const
const SETTINGS = 'PPORUN_SETTINGS'

/** A rank's environment: its agent's, what the user adds, who it is. */
export function rankEnvironment(
  identity: RankIdentity,
  settings: RankSettings,
  added: Record<string, string>,
): NodeJS.ProcessEnv {
  const names = Object.keys(IDENTITY) as (keyof RankIdentity)[]
  return {
    ...process.env,
    ...added,
    ...Object.fromEntries(names.map(name => [IDENTITY[name], String(identity[name])])),
    [SETTINGS]: JSON.stringify(settings),
  }
}

/** This process's place in its job; a job of one without a launcher. */
export function rankIdentity(): RankIdentity {
  const read = (name: keyof RankIdentity, alone: number) => Number(process.env[IDENTITY[name]] ?? alone)
  return {
    rank: read('rank', 0),
    size: read('size', 1),
    localRank: read('localRank', 0),
    localSize: read('localSize', 1),
    nodeRank: read('nodeRank', 0),
    numNodes: read('numNodes', 1),
  }
}

/** Settings from the agent, or null in a job of one without a launcher. */
export function rankSettings(): RankSettings | null {
  const text = process.env[SETTINGS]
  return text === undefined ? null : (JSON.parse(text) as RankSettings)
}

/** What Slurm says of the allocation that a process is in. */
export interface Allocation {
  jobId: string
  /** `node[01-04]`. */
  nodelist: string
  /** Ranks on each: `2(x3),1`. */
  tasksPerNode: string
  /** How many copies of this very process srun has started; null: it was not srun. */
  copies: number | null
}

/** The Slurm allocation around this process, null outside of one. */
export function slurmAllocation(): Allocation | null {
  const { SLURM_JOB_ID, SLURM_JOB_NODELIST, SLURM_TASKS_PER_NODE, SLURM_STEP_ID, SLURM_STEP_NUM_TASKS } =
    process.env
  if (!SLURM_JOB_ID || !SLURM_JOB_NODELIST || !SLURM_TASKS_PER_NODE) return null
  const copies = SLURM_STEP_ID === undefined ? null : Number(SLURM_STEP_NUM_TASKS ?? 1)
  return { jobId: SLURM_JOB_ID, nodelist: SLURM_JOB_NODELIST, tasksPerNode: SLURM_TASKS_PER_NODE, copies }
}

/** What names the GPUs that this process may use: CUDA's own variable, and Slurm's numbers of the job's. */
export function visibleDevices(): { cuda: string | undefined; slurm: string | undefined } {
  const { CUDA_VISIBLE_DEVICES, SLURM_STEP_GPUS, SLURM_JOB_GPUS } = process.env
  return { cuda: CUDA_VISIBLE_DEVICES, slurm: SLURM_STEP_GPUS ?? SLURM_JOB_GPUS }
}

/** A variable of the launcher's own environment, for `-x NAME`. */
export function exportedVariable(name: string): string | undefined {
  return process.env[name]
}

/** True below `npx` or `npm run`, which pass no signals on (launcher/signals.ts watches them). */
export function startedByNpm(): boolean {
  return process.env.npm_command !== undefined
}

/** What started this process as one of several gives it. */
export interface WorkerIdentity {
  rank: number
  size: number
  /** What the workers of one start have in common, as far as it is known. */
  key: string
}

/**
 * This worker's place among the others, from srun, mpirun, torchrun, Kubernetes (an Indexed Job whose number of
 * completions is in WORLD_SIZE), or PMI; null: from nobody.
 */
export function workerIdentity(): WorkerIdentity | null {
  const env = process.env
  const found = (rank: string | undefined, size: string | undefined, ...key: (string | undefined)[]) =>
    rank !== undefined && size !== undefined
      ? { rank: Number(rank), size: Number(size), key: key.filter(part => part).join('.') || 'job' }
      : null
  // Slurm's variables are the batch shell's too: only a step has tasks.
  const inStep = env.SLURM_STEP_ID !== undefined
  return (
    found(env.PPORUN_RANK, env.PPORUN_SIZE) ??
    found(env.OMPI_COMM_WORLD_RANK, env.OMPI_COMM_WORLD_SIZE, env.PMIX_NAMESPACE) ??
    (inStep
      ? found(
          env.SLURM_PROCID,
          env.SLURM_STEP_NUM_TASKS ?? env.SLURM_NTASKS,
          env.SLURM_JOB_ID,
          env.SLURM_STEP_ID,
        )
      : null) ??
    found(env.PMI_RANK, env.PMI_SIZE) ??
    found(env.RANK ?? env.JOB_COMPLETION_INDEX, env.WORLD_SIZE, env.TORCHELASTIC_RUN_ID)
  )
}

/** Where workers meet: `file:DIR` or `tcp:HOST:PORT`; null: not said. */
export function meetingPlace(): string | null {
  return process.env.PPORUN_RENDEZVOUS || null
}

/** The file with the workers' common secret; null: none. */
export function tokenFile(): string | null {
  return process.env.PPORUN_TOKEN_FILE || null
}

/** Where pporun keeps what it has downloaded (the XDG Base Directory Specification). */
export function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'pporun')
}

/**
 * What libtensorflow reads when it is loaded, unless the user has said otherwise: its share of the cores, memory of a
 * GPU as it is needed and not all at once, errors alone.
 */
export function prepareTensorflow(threads: number): void {
  process.env.TF_NUM_INTRAOP_THREADS ??= String(threads)
  process.env.TF_NUM_INTEROP_THREADS ??= '1'
  process.env.TF_FORCE_GPU_ALLOW_GROWTH ??= 'true'
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '3'
}

/** Where the Vulkan loader looks for manifests of drivers: files where the user names them, else folders. */
export function vulkanDrivers(): { files: string[] | null; folders: string[] } {
  const { VK_DRIVER_FILES, VK_ICD_FILENAMES, XDG_DATA_HOME } = process.env
  const named = VK_DRIVER_FILES || VK_ICD_FILENAMES || undefined
  const data = [XDG_DATA_HOME || join(homedir(), '.local', 'share'), '/usr/local/share', '/usr/share', '/etc']
  return { files: named?.split(':') ?? null, folders: data.map(folder => join(folder, 'vulkan', 'icd.d')) }
}

/** Has the Vulkan loader put a layer into every instance that this process makes from now on. */
export function addVulkanLayer(folder: string, name: string): void {
  const joined = (old: string | undefined, own: string) => [own, ...(old ? [old] : [])].join(':')
  process.env.VK_LAYER_PATH = joined(process.env.VK_LAYER_PATH, folder)
  process.env.VK_INSTANCE_LAYERS = joined(process.env.VK_INSTANCE_LAYERS, name)
}

/** False where the user wants none (no-color.org). */
export function wantsColor(): boolean {
  return (process.env.NO_COLOR ?? '') === ''
}

/** A terminal on which nothing can be redrawn. */
export function isDumbTerminal(): boolean {
  return process.env.TERM === 'dumb'
}
