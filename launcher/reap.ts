import { createHash } from 'node:crypto'
import { lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { descendants, processesWithLockLimit } from '../src/base/proc.ts'
import { collectChild, setLockLimit } from '../src/base/system.ts'

/** Ending processes so that none is left: process groups first, then whatever carries the job's mark. */

/** Signals a whole process group; false if it has no member any more. */
export function signalGroup(leader: number, signal: NodeJS.Signals): boolean {
  return signalled(-leader, signal)
}

/** Looks until nothing new has been started meanwhile. */
const LOOKS = 5

/** All that this process starts from now on carries the mark, and so does what that starts, whatever it makes of itself. */
export function markDescendants(mark: string): void {
  setLockLimit(lockLimit(mark))
}

/**
 * KILLs every process that carries the mark: grandchildren in sessions of their own.
 * @param ancestor whose descendants go too: not every kernel lets us mark them (gVisor).
 */
export function endMarked(mark: string, ancestor?: number): void {
  const below = () =>
    ancestor === undefined ? [] : descendants(ancestor).filter(({ state }) => state !== 'Z')
  for (let look = 0; look < LOOKS; look++) {
    const left = new Set([...processesWithLockLimit(lockLimit(mark)), ...below().map(({ pid }) => pid)])
    if (left.size === 0) return
    for (const pid of left) signalled(pid, 'SIGKILL')
  }
}

/** Lets adopted children go that have ended: all but those that Node has started and collects itself. */
export function collectOrphans(own: ReadonlySet<number>): void {
  for (const { pid, parent, state } of descendants(process.pid))
    if (state === 'Z' && parent === process.pid && !own.has(pid)) collectChild(pid)
}

/** A private folder for an agent, to be found by the mark of its processes. */
export function makeAgentFolder(mark: string): string {
  return mkdtempSync(join(tmpdir(), folderPrefix(mark)))
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
}

/** Ends what an agent that was killed has left: processes with its mark, its folder. */
export function sweep(mark: string): void {
  endMarked(mark)
  for (const name of readdirSync(tmpdir())) {
    const path = join(tmpdir(), name)
    if (!name.startsWith(folderPrefix(mark))) continue
    const { uid } = lstatSync(path)
    if (uid === process.getuid?.()) removeFolder(path)
  }
}

/** Short: paths of sockets are at most 100 bytes long. */
const folderPrefix = (mark: string): string => `pporun-${hashOf(mark)}-`
const lockLimit = (mark: string): bigint => BigInt(`0x1${hashOf(mark)}`)
const hashOf = (mark: string): string => createHash('sha256').update(mark).digest('hex').slice(0, 12)

/** False if there was nobody to signal. */
function signalled(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal)
    return true
  } catch {
    return false
  }
}
