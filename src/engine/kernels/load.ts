import { readFileSync } from 'node:fs'
import { openLibrary } from '../../base/native.ts'

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

const built = new URL('../../../../src/engine/kernels/built/', import.meta.url)

/** Compiled once per process. */
let module: WebAssembly.Module | undefined

/** Kernels in WebAssembly, with memory of their own: any machine, about half as fast as native code. */
export function loadWasm(bytes: number): Kernels {
  module ??= new WebAssembly.Module(readFileSync(new URL('kernels.wasm', built)))
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
  if (library === undefined) library = openLibrary(built, 'kernels', signatures) as Exports | null
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
