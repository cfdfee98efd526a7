import type { InspectedHost } from '../check.ts'

/** Each rank has two sockets for every other rank, and files of its own. */
const FEW_FILES = 1024
/** Milliseconds from which logs of several hosts cannot be read side by side. */
const CLOCKS_APART = 1000

/** What of a host that can take part is worth mending, with the command for it. */
export function warningsOf({ host, facts, clockOffset, problem }: InspectedHost): string[] {
  if (facts === null || problem !== null) return []
  const warnings: string[] = []
  const { openFiles } = facts
  if (openFiles !== null && openFiles < FEW_FILES)
    warnings.push(
      `${host.name} lets a process open ${openFiles} files: raise nofile in /etc/security/limits.conf there, or ulimit -n 65536`,
    )
  if (clockOffset === null)
    warnings.push(`${host.name}: its clock was not heard in time; is the network busy?`)
  else if (Math.abs(clockOffset) > CLOCKS_APART)
    warnings.push(
      `${host.name}: its clock is ${(clockOffset / 1000).toFixed(1)} s off: timedatectl set-ntp true, there and here`,
    )
  return warnings
}
