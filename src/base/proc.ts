import { readdirSync, readFileSync } from 'node:fs'

/** What the kernel tells of processes, from /proc (Linux; elsewhere nothing is known). */

export interface ProcessStat {
  /** State letter: R running, S sleeping, T stopped, Z dead but not collected. */
  state: string
  parent: number
  /** Ticks since boot: with the pid it names one process for ever. */
  startTime: string
}

export function processStat(pid: number): ProcessStat | null {
  const text = read(`/proc/${pid}/stat`)
  if (text === null) return null
  // The command's name stands in parentheses and may contain anything, also parentheses and spaces.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return { state: fields[0], parent: Number(fields[1]), startTime: fields[19] }
}

/** The command line, as `ps` shows it. */
export function commandLine(pid: number): string {
  return (read(`/proc/${pid}/cmdline`) ?? '').replaceAll('\0', ' ').trim()
}

/** How many files this process may have open; null: not known. */
export function openFileLimit(): number | null {
  const limit = /^Max open files +(\d+)/m.exec(read('/proc/self/limits') ?? '')?.[1]
  return limit === undefined ? null : Number(limit)
}

/** All other processes that live with this limit on file locks. */
export function processesWithLockLimit(limit: bigint): number[] {
  const line = new RegExp(`^Max file locks +${limit} `, 'm')
  return processIds().filter(
    pid => pid !== process.pid && line.test(read(`/proc/${pid}/limits`) ?? '') && !isZombie(pid),
  )
}

const isZombie = (pid: number): boolean => processStat(pid)?.state === 'Z'

/** Everything below a process, by who is whose parent, with its state: also what has cleared its environment. */
export function descendants(ancestor: number): { pid: number; parent: number; state: string }[] {
  const all = processIds().flatMap(pid => {
    const stat = processStat(pid)
    return stat ? [{ pid, ...stat }] : []
  })
  const below = new Set([ancestor])
  for (let size = 0; size !== below.size; ) {
    size = below.size
    for (const { pid, parent } of all) if (below.has(parent)) below.add(pid)
  }
  return all.filter(({ pid }) => pid !== ancestor && below.has(pid))
}

function processIds(): number[] {
  try {
    return readdirSync('/proc')
      .filter(name => /^\d+$/.test(name))
      .map(Number)
  } catch {
    return []
  }
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}
