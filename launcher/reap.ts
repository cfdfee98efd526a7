import { rmSync } from 'node:fs'
import { processesOfJob } from '../src/base/proc.ts'

/** Ending processes so that none is left: process groups first, then whatever carries the job's mark. */

/** Signals a whole process group; false if it has no member any more. */
export function signalGroup(leader: number, signal: NodeJS.Signals): boolean {
  return signalled(-leader, signal)
}

/** Looks until nothing new has been started meanwhile. */
const LOOKS = 5

/** KILLs every process that carries the job's mark: grandchildren in sessions of their own. */
export function endMarked(jobId: string): void {
  for (let look = 0; look < LOOKS; look++) {
    const left = processesOfJob(jobId)
    if (left.length === 0) return
    for (const pid of left) signalled(pid, 'SIGKILL')
  }
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
}

/** False if there was nobody to signal. */
function signalled(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal)
    return true
  } catch {
    return false
  }
}
