import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

/** Our own compiled code (scripts/build/kernels.sh): for this machine, opened through koffi, or for any. */

/** Functions by name. */
export type Library = Record<string, (...args: never[]) => unknown>

/**
 * The library `NAME-PLATFORM-ARCH` in a folder, or null where there is none for this machine: then the caller has
 * another way to the same bits.
 * @param signatures in C, each with the function's name.
 */
export function openLibrary(folder: URL, name: string, signatures: readonly string[]): Library | null {
  if (process.arch === 'x64' && !hasAvx2()) return null
  const suffix = process.platform === 'darwin' ? 'dylib' : 'so'
  try {
    const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi')
    const path = fileURLToPath(new URL(`${name}-${process.platform}-${process.arch}.${suffix}`, folder))
    const library = koffi.load(path)
    return Object.fromEntries(
      signatures.map(line => [/(\w+)\(/.exec(line)![1], library.func(line)]),
    ) as Library
  } catch {
    return null
  }
}

/** WebAssembly with memory of its own. */
export interface Module {
  exports: Record<string, unknown>
  memory: ArrayBuffer
  /** Of `memory`, where that of the caller begins; also the pointer to it. */
  offset: number
}

/** Compiled once per process, by file. */
const modules = new Map<string, WebAssembly.Module>()

/** What scripts/build/kernels.sh gives the stack, and the little data there is. */
const STACK_BYTES = 65_536 + 4096

/** The WebAssembly in a file, with so many bytes for the caller. */
export function openModule(file: URL, bytes: number): Module {
  const module = modules.get(file.href) ?? new WebAssembly.Module(readFileSync(file))
  modules.set(file.href, module)
  // The stack lies below __heap_base, the caller's memory above it.
  const memory = new WebAssembly.Memory({ initial: Math.ceil((STACK_BYTES + bytes) / 65_536) })
  const { exports } = new WebAssembly.Instance(module, { env: { memory } })
  const { value } = exports.__heap_base as WebAssembly.Global
  return { exports, memory: memory.buffer, offset: Math.ceil(value / 64) * 64 }
}

/** Without AVX2 a library would end the process at its first instruction. */
function hasAvx2(): boolean {
  try {
    return /\bavx2\b/.test(readFileSync('/proc/cpuinfo', 'utf8'))
  } catch {
    return false
  }
}
