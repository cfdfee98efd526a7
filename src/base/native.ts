import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

/** Our own compiled code (scripts/build/kernels.sh), opened through koffi. */

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

/** Without AVX2 a library would end the process at its first instruction. */
function hasAvx2(): boolean {
  try {
    return /\bavx2\b/.test(readFileSync('/proc/cpuinfo', 'utf8'))
  } catch {
    return false
  }
}
