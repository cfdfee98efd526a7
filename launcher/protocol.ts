import { isUtf8 } from 'node:buffer'
import type { AllreduceChoice, NetworkChoice, Security, TransportChoice } from '../src/base/contract.ts'
import type { RankMessage, RankOrder } from '../src/base/control.ts'
import type { Fault } from '../src/base/fault.ts'
import type { PhaseTimes, RankProgress } from '../src/base/progress.ts'
import type { HostFacts } from './facts.ts'

/**
 * Launcher and agent talk in lines of JSON over the agent's stdin and stdout, whatever started the agent.
 * The agent's stdin is its lifeline: when it ends, the job ends.
 */

/** What an agent needs to start its ranks. */
export interface AgentJob {
  jobId: string
  np: number
  /** Global ranks of this agent. */
  ranks: number[]
  /** Their local ranks, of `localSize` on this host: more agents than one may share it. */
  localRanks: number[]
  localSize: number
  nodeRank: number
  numNodes: number
  scriptArgs: string[]
  workingDirectory: string
  /** Devices for the ranks of this host; all: what is found there. */
  gpus: 'all' | readonly string[]
  requireGpu: boolean
  /** Added to the environment that the agent inherits. */
  environment: Record<string, string>
  allreduce: AllreduceChoice
  transport: TransportChoice
  security: Security
  timeline: boolean
  /** The job goes on without ranks that are lost: the agent stays until it is told to leave. */
  elastic: boolean
  /** Its ranks take the places of others that were lost. */
  joins: boolean
  network: NetworkChoice | null
  /** train() goes on from what it finds in its folder. */
  resumes: boolean
  /** Of all ranks. */
  faults: Fault[]
  /** Seconds. */
  opTimeout: number
  startTimeout: number
  grace: number
}

export interface StartOrder {
  type: 'start'
  job: AgentJob
  /** The script, as one file. */
  bundle: string
  /** Until the whole job must have ended; null: there is no limit. */
  secondsLeft: number | null
}

export type ToAgent =
  | StartOrder
  | { type: 'order'; rank: number; order: RankOrder }
  /** After a failure: tell the ranks, KILL what is left after Limit.abort. */
  | { type: 'abort'; reason: string; exitStatus: number }
  /** Asks whether ranks of this job could start: answered by `inspected`. */
  | { type: 'inspect'; job: AgentJob }
  /** From outside: TERM, KILL after the grace period. */
  | { type: 'stop'; exitStatus: number }
  | { type: 'kill' }
  /** This rank is lost, whatever it does: KILL. */
  | { type: 'killRank'; rank: number }
  /** Another process in the place of a rank that has ended. */
  | { type: 'replace'; rank: number }
  /** All ranks that take part have ended well. */
  | { type: 'leave' }
  /** Asks for a census. */
  | { type: 'census' }
  /** Once a second to an agent elsewhere, with the launcher's clock (ms since 1970): a cut cable sends no end of file. */
  | { type: 'beat'; at: number }
  /** So many bytes of output have gone out: as many more may come. */
  | { type: 'credit'; bytes: number }
  /** The launcher is about to be suspended: its silence means nothing until the next beat. */
  | { type: 'hold' }

export type FromAgent =
  | { type: 'ready'; facts: HostFacts | null }
  /** The answer to a beat: the launcher's clock that it came with, and the host's. */
  | { type: 'beat'; at: number; clock: number }
  | { type: 'started'; rank: number; pid: number }
  | OutputMessage
  | { type: 'message'; rank: number; message: RankMessage }
  | { type: 'exit'; rank: number; pid: number; code: number | null; signal: string | null }
  | { type: 'census'; ranks: RankState[] }
  /** The agent was signalled, and ends its ranks. */
  | { type: 'interrupted'; signal: NodeJS.Signals }
  /** Where the time of this host's ranks went so far; once a second, and when all have ended. */
  | { type: 'times'; ranks: ({ rank: number } & PhaseTimes)[] }
  /** A rank is stopped. */
  | { type: 'warning'; text: string }
  /** A rank of this host has waited for long in a collective; for whom, only all agents together know. */
  | { type: 'slow' }
  /** @property refusal as of `refused`; null: ranks of the job could start. */
  | { type: 'inspected'; refusal: string | null }
  /** Ranks cannot run here for a reason that is the user's to mend. */
  | { type: 'refused'; reason: string }
  /** The agent's own failure, such as a script that cannot be written. */
  | { type: 'broken'; reason: string }

export type OutputStream = 'stdout' | 'stderr'

/** What a rank has printed, byte for byte: as text if it is, else (a character cut in two, too) in base64. */
export type OutputMessage = { type: 'output'; rank: number; stream: OutputStream } & (
  | { text: string }
  | { base64: string }
)

export function outputMessage(rank: number, stream: OutputStream, bytes: Buffer): OutputMessage {
  const text = isUtf8(bytes) ? { text: bytes.toString('utf8') } : { base64: bytes.toString('base64') }
  return { type: 'output', rank, stream, ...text }
}

export function outputBytes(message: OutputMessage): Buffer {
  return 'text' in message ? Buffer.from(message.text) : Buffer.from(message.base64, 'base64')
}

/** What an agent knows of a rank without asking it. */
export interface RankState {
  rank: number
  pid: number
  /** The kernel's state letter (T: stopped), null where it cannot be read. */
  state: string | null
  progress: RankProgress
}

/** What marks the processes of one agent: no other agent of the job may end them. */
export const markOf = (jobId: string, node: number): string => `${jobId}.${node}`

/**
 * Calls `each` with every message in a stream of JSON lines. Other lines are noise, such as what a login shell's
 * start-up files print before the agent starts.
 */
export function readLines<T>(stream: NodeJS.ReadableStream, each: (message: T) => void): void {
  let rest = ''
  stream.setEncoding('utf8')
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line.startsWith('{"type":')) each(JSON.parse(line) as T)
  })
}

export function writeLine<T extends { type: string }>(stream: NodeJS.WritableStream, message: T): void {
  stream.write(`${JSON.stringify(message)}\n`)
}
