import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statfsSync } from 'node:fs'
import { availableParallelism, hostname } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openFileLimit } from '../src/base/proc.ts'
import { packageVersion } from '../src/base/version.ts'

/** What a host says of itself when its agent starts, before any rank runs there. */
export interface HostFacts {
  /** Its own hostname. */
  host: string
  cores: number
  /** How many files a process may have open; null: not known, no Linux. */
  openFiles: number | null
  /** Bytes of /dev/shm; null: there is none. */
  devShm: number | null
  /** Versions of Node and of the package, and a digest of the package's code. */
  node: string
  pporun: string
  code: string
  /** Why the ZeroMQ addon does not load; null: it does. */
  addon: string | null
  /** Its GPUs in the words of CUDA_VISIBLE_DEVICES, as far as they are this job's. */
  gpus: readonly string[]
  /** Milliseconds since 1970, as the host has it. */
  clock: number
}

/** @param found what takes time to find out, and is left out where only versions are compared. */
export function factsOfThisHost(
  found: Pick<HostFacts, 'addon' | 'gpus'> = { addon: null, gpus: [] },
): HostFacts {
  return {
    host: hostname(),
    cores: availableParallelism(),
    openFiles: openFileLimit(),
    devShm: existsSync(DEV_SHM) ? sizeOf(DEV_SHM) : null,
    node: process.version,
    pporun: packageVersion(),
    code: codeDigest(),
    ...found,
    clock: Date.now(),
  }
}

/** Why ranks there cannot run together with those here, and how to mend it; null if they can. */
export function incompatible(name: string, there: HostFacts, here: HostFacts): string | null {
  const mend = `install the same pporun at the same path on ${name}, or share the folder`
  if (there.pporun !== here.pporun)
    return `${name} has pporun ${there.pporun}, this host ${here.pporun}: ${mend}`
  if (there.code !== here.code)
    return `${name} has another build of pporun ${there.pporun} than this host: ${mend}`
  if (majorOf(there.node) < OLDEST_NODE)
    return `${name} has Node ${there.node}, this host ${here.node}: install Node ${OLDEST_NODE} or newer there`
  if (there.addon !== null)
    return `${name} cannot load the ZeroMQ addon (${there.addon}): run npm ci in pporun's folder there`
  return null
}

/** A difference that does no harm but is worth knowing; null if there is none. */
export function difference(name: string, there: HostFacts, here: HostFacts): string | null {
  return there.node === here.node ? null : `${name} has Node ${there.node}, this host ${here.node}`
}

const DEV_SHM = '/dev/shm'

function sizeOf(fileSystem: string): number {
  const { blocks, bsize } = statfsSync(fileSystem)
  return blocks * bsize
}

const OLDEST_NODE = 20
const majorOf = (version: string): number => Number.parseInt(version.slice(1), 10)

/** Over everything that launcher and ranks run: two builds of one version are told apart. */
function codeDigest(): string {
  const hash = createHash('sha256')
  const folder = fileURLToPath(new URL('../bundle', import.meta.url))
  for (const name of readdirSync(folder).sort()) hash.update(name).update(readFileSync(join(folder, name)))
  return hash.digest('hex').slice(0, 16)
}
