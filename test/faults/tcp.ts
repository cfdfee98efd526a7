import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

/** A folder for TMPDIR whose path is too long for a Unix-domain socket: ranks of one host use TCP then. */
export function folderForTcp(folder: string): string {
  const long = join(folder, 'x'.repeat(100))
  mkdirSync(long, { recursive: true })
  return long
}
