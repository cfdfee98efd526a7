import { rmSync } from 'node:fs'
import { processesOfJob } from './proc.ts'

/** Ending processes so that none is left: process groups first, then whatever carries the job's mark. */

/** Signals a whole process group; false if it has no member any more. */
export function signalGroup(leader: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(-leader, signal)
    return true
  } catch {
    return false
  }
}

/** KILLs every process that carries the job's mark, until a look finds none, and removes the job's folder. */
export function sweep(jobId: string, folder: string): void {
  for (let look = 0; look < 5; look++) {
    const left = processesOfJob(jobId)
    for (const pid of left) kill(pid)
    if (left.length === 0) break
  }
  rmSync(folder, { recursive: true, force: true })
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended by itself.
  }
}
