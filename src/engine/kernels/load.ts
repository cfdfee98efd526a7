import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

/** The kernels as functions, and the memory that they work in. Places are words from the start of that memory. */
export interface Kernels {
  memory: ArrayBuffer
  /** Of `memory`, where the arena begins. */
  offset: number
  contextWords(): number
  pack(context: number): void
  act(
    context: number,
    n: number,
    greedy: number,
    seedLow: number,
    seedHigh: number,
    firstEnv: number,
    step: number,
  ): void
  evaluate(context: number, n: number): void
  gradients(context: number, numShards: number, rowsPerShard: number, numParameters: number): void
  adam(
    parameters: number,
    firstMoment: number,
    secondMoment: number,
    gradient: number,
    count: number,
    maxNorm: number,
    learningRate: number,
    beta1: number,
    beta2: number,
    epsilon: number,
    firstCorrection: number,
    secondCorrection: number,
  ): void
}

type Exports = Omit<Kernels, 'memory' | 'offset'> & { arena(address: unknown): void }

const built = (name: string): URL => new URL(`../../../../src/engine/kernels/built/${name}`, import.meta.url)

/** Compiled once per process. */
let module: WebAssembly.Module | undefined

/** Kernels in WebAssembly, with memory of their own: any machine, about half as fast as native code. */
export function loadWasm(bytes: number): Kernels {
  module ??= new WebAssembly.Module(readFileSync(built('kernels.wasm')))
  // The stack lies below __heap_base, the arena above it.
  const pages = (size: number) => Math.ceil(size / 65_536)
  const memory = new WebAssembly.Memory({ initial: pages(STACK_BYTES + bytes) })
  const { exports } = new WebAssembly.Instance(module, { env: { memory } })
  const kernels = exports as unknown as Exports & { __heap_base: WebAssembly.Global }
  const offset = Math.ceil(Number(kernels.__heap_base.value) / 64) * 64
  kernels.arena(offset)
  return { ...kernels, memory: memory.buffer, offset }
}

/** What scripts/build/kernels.sh gives the stack, and the little data there is. */
const STACK_BYTES = 65_536 + 4096

const signatures = [
  'void arena(void*)',
  'int contextWords()',
  'void pack(int)',
  'void act(int, int, int, uint32_t, uint32_t, uint32_t, uint32_t)',
  'void evaluate(int, int)',
  'void gradients(int, int, int, int)',
  'void adam(int, int, int, int, int, double, double, double, double, double, double, double)',
]

/** The machine's library, or null if there is none, looked for once per process; its arena is whichever was bound last. */
let library: Exports | null | undefined
let bound: ArrayBuffer | null = null

/** Kernels as machine code, or null if there is none for this machine: then WebAssembly gives the same bits. */
export function loadNative(bytes: number): Kernels | null {
  if (library === undefined) library = openLibrary()
  if (!library) return null
  const { arena, contextWords, ...kernels } = library
  const memory = new ArrayBuffer(bytes)
  // Several engines in one process share the library: each binds its arena before it calls.
  const inArena =
    <A extends unknown[]>(kernel: (...args: A) => void) =>
    (...args: A): void => {
      if (bound !== memory) arena(new Uint8Array(memory))
      bound = memory
      kernel(...args)
    }
  return {
    memory,
    offset: 0,
    contextWords,
    pack: inArena(kernels.pack),
    act: inArena(kernels.act),
    evaluate: inArena(kernels.evaluate),
    gradients: inArena(kernels.gradients),
    adam: inArena(kernels.adam),
  }
}

function openLibrary(): Exports | null {
  const suffix = process.platform === 'darwin' ? 'dylib' : 'so'
  const path = fileURLToPath(built(`kernels-${process.platform}-${process.arch}.${suffix}`))
  if (process.arch === 'x64' && !hasAvx2()) return null
  try {
    const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi')
    const loaded = koffi.load(path)
    const entries = signatures.map(signature => {
      const name = /(\w+)\(/.exec(signature)![1]
      return [name, loaded.func(signature)]
    })
    return Object.fromEntries(entries) as Exports
  } catch {
    return null
  }
}

/** Without AVX2 the library would end the process at its first instruction. */
function hasAvx2(): boolean {
  try {
    return /\bavx2\b/.test(readFileSync('/proc/cpuinfo', 'utf8'))
  } catch {
    return false
  }
}
