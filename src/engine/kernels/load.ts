import { readFileSync } from 'node:fs'
import { openLibrary } from '../../base/native.ts'

/** The functions of kernels.c; pointers are numbers. */
interface Exports {
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
  gradients(context: number, numShards: number, rowsPerShard: number, gradient: number, slots: number): void
  largestOf(x: number, count: number): number
  scaleAndNorm(x: number, count: number, factor: number): number
  adam(
    parameters: number,
    firstMoment: number,
    secondMoment: number,
    gradient: number,
    count: number,
    scale: number,
    stepSize: number,
    beta1: number,
    beta2: number,
    epsilon: number,
    perSecond: number,
  ): void
}

/** Kernels, and memory of their caller's own in which they work. */
export interface Kernels extends Exports {
  memory: ArrayBuffer
  /** Of `memory`, where that of the caller begins. */
  offset: number
  /** Pointer to it. */
  base: number
  /** Pointer to an array anywhere; null: these kernels see their own memory alone. */
  addressOf: ((array: Float32Array | Float64Array) => number) | null
}

/** Makes kernels with so many bytes of memory. */
export type Load = (bytes: number) => Kernels

const built = new URL('../../../../src/engine/kernels/built/', import.meta.url)

/** Compiled once per process. */
let module: WebAssembly.Module | undefined

/** Kernels in WebAssembly: any machine, about half as fast as native code. */
export function loadWasm(bytes: number): Kernels {
  module ??= new WebAssembly.Module(readFileSync(new URL('kernels.wasm', built)))
  // The stack lies below __heap_base, the caller's memory above it.
  const pages = (size: number) => Math.ceil(size / 65_536)
  const memory = new WebAssembly.Memory({ initial: pages(STACK_BYTES + bytes) })
  const { exports } = new WebAssembly.Instance(module, { env: { memory } })
  const kernels = exports as unknown as Exports & { __heap_base: WebAssembly.Global }
  const offset = Math.ceil(Number(kernels.__heap_base.value) / 64) * 64
  return { ...kernels, memory: memory.buffer, offset, base: offset, addressOf: null }
}

/** What scripts/build/kernels.sh gives the stack, and the little data there is. */
const STACK_BYTES = 65_536 + 4096

const signatures = [
  'int contextWords()',
  'uint64_t addressOf(void*)',
  'void pack(uintptr_t)',
  'void act(uintptr_t, int, int, uint32_t, uint32_t, uint32_t, uint32_t)',
  'void evaluate(uintptr_t, int)',
  'void gradients(uintptr_t, int, int, uintptr_t, uintptr_t)',
  'double largestOf(uintptr_t, int)',
  'double scaleAndNorm(uintptr_t, int, double)',
  'void adam(uintptr_t, uintptr_t, uintptr_t, uintptr_t, int, double, double, double, double, double, double)',
]

type NativeExports = Exports & { addressOf(array: unknown): number }

/** The machine's library, or null if there is none; looked for once per process. */
let library: NativeExports | null | undefined

/** Pointers asked for before: an array's memory stays where it is as long as the array lives. */
const addresses = new WeakMap<object, number>()

/** Kernels as machine code, or null if there is none for this machine: then WebAssembly gives the same bits. */
export function loadNative(bytes: number): Kernels | null {
  if (library === undefined) library = openLibrary(built, 'kernels', signatures) as NativeExports | null
  if (!library) return null
  const { addressOf: ask, ...kernels } = library
  const addressOf = (array: Float32Array | Float64Array): number => {
    const known = addresses.get(array)
    if (known !== undefined) return known
    const address = ask(array)
    addresses.set(array, address)
    return address
  }
  const memory = new ArrayBuffer(bytes)
  return { ...kernels, memory, offset: 0, base: addressOf(new Float32Array(memory)), addressOf }
}
