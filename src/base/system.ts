import { randomBytes } from 'node:crypto'
import { ftruncateSync, openSync, readdirSync, unlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { constants, setPriority, tmpdir } from 'node:os'
import { join } from 'node:path'

/** System calls that Node does not offer, through koffi. */

type Native = (...args: unknown[]) => unknown
const koffi: typeof import('koffi') = createRequire(import.meta.url)('koffi')
const libc = koffi.load(null)
const functions = new Map<string, Native>()

/** A function of the C library, looked up once: koffi keeps what it has made for ever. */
function libcFunction(signature: string): Native {
  const known = functions.get(signature) ?? libc.func(signature)
  functions.set(signature, known)
  return known
}

const PROT_READ_WRITE = 3
const MAP_SHARED = 1
const PR_SET_PDEATHSIG = 1
const PR_SET_CHILD_SUBREAPER = 36
const WNOHANG = 1
const SIGKILL = 9

/**
 * Asks the kernel to kill this process when its parent dies, also while it is busy. Linux only; elsewhere
 * the closing of the control pipe has to do.
 */
export function dieWithParent(parentPid: number): void {
  if (process.platform !== 'linux') return
  const prctl: Native = libcFunction('int prctl(int, unsigned long)')
  prctl(PR_SET_PDEATHSIG, SIGKILL)
  // The parent may have died before the request; then nobody would send the signal.
  if (process.ppid !== parentPid) process.kill(process.pid, 'SIGKILL')
}

/**
 * Makes this process the parent of everything below it whose own parent dies: also a daemon of a rank stays its
 * descendant. Linux only; such children have to be collected with `collectChild` when they have ended.
 */
export function adoptOrphans(): void {
  if (process.platform !== 'linux') return
  const prctl: Native = libcFunction('int prctl(int, unsigned long)')
  prctl(PR_SET_CHILD_SUBREAPER, 1)
}

const RLIMIT_LOCKS = 10

/**
 * Sets the limit on file locks of this process and of all that it starts. No kernel since 2.4.25 looks at it, but it outlasts fork,
 * exec, a session of one's own and a cleared environment, and everybody may read it. Linux only.
 */
export function setLockLimit(limit: bigint): void {
  if (process.platform !== 'linux') return
  const prlimit: Native = libcFunction('int prlimit(int, int, void*, void*)')
  const limits = new BigUint64Array(2) // struct rlimit: soft, hard
  prlimit(0, RLIMIT_LOCKS, null, limits)
  limits[0] = limit
  prlimit(0, RLIMIT_LOCKS, limits, null)
}

/** Lets a child go that has ended and that Node knows nothing of. */
export function collectChild(pid: number): void {
  const waitpid: Native = libcFunction('int waitpid(int, void*, int)')
  waitpid(pid, null, WNOHANG)
}

/** A descriptor of `bytes` of zeroed memory that processes can share, with no name that could outlive them. */
export function openSharedMemory(bytes: number): number {
  const fd = process.platform === 'linux' ? memfd() : unlinkedFile()
  ftruncateSync(fd, bytes)
  return fd
}

function memfd(): number {
  const create: Native = libcFunction('int memfd_create(const char*, unsigned int)')
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

/**
 * Lets everything else on this machine come first: a core that others want all the time is theirs for 98.5 %. On Linux
 * priorities are those of threads, so each has to be told; threads to come take that of the one that makes them.
 */
export function comeLast(): void {
  const threads = process.platform === 'linux' ? readdirSync('/proc/self/task').map(Number) : [process.pid]
  for (const thread of threads) setPriority(thread, constants.priority.PRIORITY_LOW)
}

const M_TRIM_THRESHOLD = -1
const M_MMAP_THRESHOLD = -3
/** glibc takes no larger one for the second. */
const KEPT_BYTES = 32 << 20

/**
 * Freed memory stays with this process, for the next array or message: to give it back and ask again costs a page fault
 * for every 4 KB. glibc only; elsewhere nothing happens.
 */
export function keepFreedMemory(): void {
  try {
    const mallopt: Native = libcFunction('int mallopt(int, int)')
    mallopt(M_MMAP_THRESHOLD, KEPT_BYTES)
    mallopt(M_TRIM_THRESHOLD, 16 * KEPT_BYTES)
  } catch {
    // another libc
  }
}

/** Maps shared memory; `Atomics` on views of it work between processes. @param offset a multiple of a page's size. */
export function mapSharedMemory(fd: number, bytes: number, offset = 0): ArrayBuffer {
  const mmap: Native = libcFunction('void* mmap(void*, size_t, int, int, int, int64_t)')
  const address = mmap(null, bytes, PROT_READ_WRITE, MAP_SHARED, fd, offset)
  const failed = BigInt.asIntN(64, koffi.address(address as object)) === -1n
  if (failed) throw new Error(`cannot map ${bytes} bytes of shared memory`)
  return koffi.view(address as object, bytes)
}

/** A word of shared memory on which processes can sleep until another wakes them (futex; Linux). */
export interface Sleeper {
  /** Sleeps while the word is `value`, at most `milliseconds`; may wake for no reason. */
  wait(value: number, milliseconds: number): void
  wakeAll(): void
}

const FUTEX_CALL: Partial<Record<string, number>> = { x64: 202, arm64: 98 }
const FUTEX_WAIT = 0
const FUTEX_WAKE = 1
const EVERYBODY = 0x7fffffff

/** Whether processes can sleep on shared memory here. */
export const canSleepOnMemory = (): boolean =>
  process.platform === 'linux' && FUTEX_CALL[process.arch] !== undefined

/** Lets another process have this core, if one wants it. */
export function yieldCore(): void {
  libcFunction('int sched_yield()')()
}

/** @param word one element of mapped shared memory. */
export function sleeperOn(word: Int32Array): Sleeper {
  const number = FUTEX_CALL[process.arch]
  const futex: Native = libcFunction('long syscall(long, void*, int, int, void*, void*, int)')
  const timeout = new BigInt64Array(2) // struct timespec: seconds, nanoseconds
  return {
    wait: (value, milliseconds) => {
      timeout[1] = BigInt(Math.floor(milliseconds * 1_000_000))
      futex(number, word, FUTEX_WAIT, value, timeout, null, 0)
    },
    wakeAll: () => void futex(number, word, FUTEX_WAKE, EVERYBODY, null, null, 0),
  }
}

const UV_POLL = 8

/**
 * Runs `create`, which may not await, and lets the event loop end although what it has made still polls: a script
 * that is done must end while we go on listening. libuv's reference is all there is; addons do not offer it.
 */
export function withoutHolding<T>(create: () => T): T {
  const before = polls()
  const made = create()
  const unref: Native = libcFunction('void uv_unref(void*)')
  for (const [address, handle] of polls()) if (!before.has(address)) unref(handle)
  return made
}

type Walk = { loop: unknown; walk: Native; typeOf: Native }
let walking: Walk | undefined

/** Every poll of the main event loop, by its address. */
function polls(): Map<bigint, unknown> {
  walking ??= {
    loop: (libcFunction('void* uv_default_loop()') as Native)(),
    walk: libcFunction(
      `void uv_walk(void*, ${koffi.pointer(koffi.proto('void Walked(void*, void*)')).name}, void*)`,
    ),
    typeOf: libcFunction('int uv_handle_get_type(void*)'),
  }
  const found = new Map<bigint, unknown>()
  walking.walk(
    walking.loop,
    (handle: object) =>
      void (walking!.typeOf(handle) === UV_POLL && found.set(koffi.address(handle), handle)),
    null,
  )
  return found
}
