import { constants } from 'node:os'
import { Status, startedByNpm } from '../src/base/contract.ts'
import { commandLine, processStat } from '../src/base/proc.ts'

/** What may end a job from outside: Ctrl-C, TERM, a closed terminal, and the npx above us being killed; and Ctrl-Z. */

const PERIOD = 200 // ms
/** For the last words before this process is suspended. */
const FAREWELL = 50 // ms

/** What a job is told. */
export interface Interruptible {
  /** @param what has happened. */
  stop(what: string, exitStatus: number): void
  /** This process will be silent for as long as somebody likes. */
  hold(): void
  /** It is not any more. */
  goOn(): void
}

/** Tells the job of signals. Returns how to stop listening. */
export function onInterrupt(job: Interruptible): () => void {
  const { signals } = constants
  const stop = (what: string, exitStatus: number) => job.stop(what, exitStatus)
  const handlers = {
    SIGINT: () => stop('interrupted by Ctrl-C', 128 + signals.SIGINT),
    SIGTERM: () => stop('ended by TERM', 128 + signals.SIGTERM),
    // Slurm's word before a time limit; without a handler Node would open a debugger's port.
    SIGUSR1: () => stop('ended by USR1', 128 + signals.SIGUSR1),
    SIGHUP: () => stop('ended because the terminal was closed', 128 + signals.SIGHUP),
    SIGTSTP: () => {
      job.hold()
      setTimeout(() => {
        process.kill(process.pid, 'SIGSTOP') // returns when it is continued
        job.goOn()
      }, FAREWELL)
    },
  }
  for (const [signal, handler] of Object.entries(handlers)) process.on(signal, handler)
  // Node ignores SIGPIPE: a reader that has gone away, as in `pporun ... | head`, shows as an error.
  const unread = () => stop('ended because nobody reads its output', 128 + constants.signals.SIGPIPE)
  for (const stream of [process.stdout, process.stderr]) stream.on('error', unread)
  const stopWatching = watchNpm(() =>
    stop('ended because the npm above it has gone', 128 + constants.signals.SIGTERM),
  )
  return () => {
    stopWatching()
    for (const [signal, handler] of Object.entries(handlers)) process.off(signal, handler)
  }
}

/**
 * npx passes no signals on and does not wait: when it, or the shell that it starts us through, is gone,
 * somebody wanted this job to end.
 */
function watchNpm(gone: () => void): () => void {
  const above = startedByNpm() ? ancestorsUpToNpm() : []
  if (above.length === 0) return () => {}
  const timer = setInterval(() => {
    if (above.every(({ pid, startTime }) => isAlive(pid, startTime))) return
    clearInterval(timer)
    gone()
  }, PERIOD)
  timer.unref()
  return () => clearInterval(timer)
}

/** From our parent to the nearest `npm exec` or `npm run` above; empty if there is none close by. */
function ancestorsUpToNpm(): { pid: number; startTime: string }[] {
  const chain: { pid: number; startTime: string }[] = []
  for (let pid = process.ppid; chain.length < 3; ) {
    const stat = processStat(pid)
    if (!stat) return []
    chain.push({ pid, startTime: stat.startTime })
    if (/^npm /.test(commandLine(pid)) || /npm-cli\.js|npx-cli\.js/.test(commandLine(pid))) return chain
    pid = stat.parent
  }
  return []
}

function isAlive(pid: number, startTime: string): boolean {
  const stat = processStat(pid)
  return stat !== null && stat.startTime === startTime && stat.state !== 'Z'
}

/**
 * The status of a job that ends by a signal, when it leaves a checkpoint: those who send TERM or USR1 may start it again, and
 * want to know whether it goes on.
 */
export function withCheckpoint(exitStatus: number): number {
  const signals = [constants.signals.SIGTERM, constants.signals.SIGUSR1]
  return signals.some(signal => exitStatus === 128 + signal) ? Status.preempted : exitStatus
}

/** What a rank that does not heed it may end by when its job is asked to end. */
export const asksToEnd = (signal: string): boolean =>
  ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1'].includes(signal)

/** The number of a signal by its name. */
export function signalNumber(signal: string): number {
  return constants.signals[signal as NodeJS.Signals] ?? 0
}
