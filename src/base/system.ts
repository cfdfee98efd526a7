import { randomBytes } from 'node:crypto'
import { closeSync, ftruncateSync, openSync, unlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** System calls that Node does not offer, through koffi. */

type Native = (...args: unknown[]) => unknown
const koffi: typeof import('koffi') = createRequire(import.meta.url)('koffi')
const libc = koffi.load(null)

const PROT_READ_WRITE = 3
const MAP_SHARED = 1
const PR_SET_PDEATHSIG = 1
const SIGKILL = 9

/**
 * Asks the kernel to kill this process when its parent dies, also while it is busy. Linux only; elsewhere
 * the closing of the control pipe has to do.
 */
export function dieWithParent(parentPid: number): void {
  if (process.platform !== 'linux') return
  const prctl: Native = libc.func('int prctl(int, unsigned long)')
  prctl(PR_SET_PDEATHSIG, SIGKILL)
  // The parent may have died before the request; then nobody would send the signal.
  if (process.ppid !== parentPid) process.kill(process.pid, 'SIGKILL')
}

/** A descriptor of `bytes` of zeroed memory that processes can share, with no name that could outlive them. */
export function openSharedMemory(bytes: number): number {
  const fd = process.platform === 'linux' ? memfd() : unlinkedFile()
  ftruncateSync(fd, bytes)
  return fd
}

function memfd(): number {
  const create: Native = libc.func('int memfd_create(const char*, unsigned int)')
  const fd = create('pporun', 0) as number
  if (fd < 0) throw new Error('memfd_create failed')
  return fd
}

function unlinkedFile(): number {
  const path = join(tmpdir(), `pporun-${randomBytes(8).toString('hex')}`)
  const fd = openSync(path, 'wx+', 0o600)
  unlinkSync(path)
  return fd
}

/** Maps shared memory; `Atomics` on views of it work between processes. */
export function mapSharedMemory(fd: number, bytes: number): ArrayBuffer {
  const mmap: Native = libc.func('void* mmap(void*, size_t, int, int, int, int64_t)')
  const address = mmap(null, bytes, PROT_READ_WRITE, MAP_SHARED, fd, 0)
  const failed = BigInt.asIntN(64, koffi.address(address as object)) === -1n
  if (failed) throw new Error(`cannot map ${bytes} bytes of shared memory`)
  return koffi.view(address as object, bytes)
}

/** Closes a descriptor of shared memory once it is mapped. */
export function closeSharedMemory(fd: number): void {
  closeSync(fd)
}
