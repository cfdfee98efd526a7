import { openLibrary, openModule } from '../../base/native.ts'

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

/** The same in steps, for networks that are divided between ranks (divided.ts). `part`: 0 trunk, 1 actor, 2 critic. */
interface Steps {
  stepSee(context: number, n: number): void
  stepInput(context: number, ofMinibatch: number, begin: number, rows: number): void
  stepProduct(context: number, part: number, layer: number, rows: number, withBias: number): void
  stepActivate(context: number, part: number, layer: number, rows: number): void
  stepDecide(
    context: number,
    first: number,
    rows: number,
    greedy: number,
    seedLow: number,
    seedHigh: number,
    firstEnv: number,
    step: number,
  ): void
  stepValues(context: number, first: number, rows: number): void
  stepLoss(context: number, begin: number, rows: number, first: number, slot: number): void
  stepBackward(context: number, part: number, layer: number, rows: number, first: number): void
  stepShard(context: number, gradient: number, slot: number, first: number): void
}

/** Kernels, and memory of their caller's own in which they work. */
export interface Kernels extends Exports, Steps {
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

/** Kernels in WebAssembly: any machine, about half as fast as native code. */
export function loadWasm(bytes: number): Kernels {
  const { exports, memory, offset } = openModule(new URL('kernels.wasm', built), bytes)
  return { ...(exports as unknown as Exports & Steps), memory, offset, base: offset, addressOf: null }
}

const signatures = [
  'int contextWords()',
  'uint64_t addressOf(void*)',
  'void pack(uintptr_t)',
  'void act(uintptr_t, int, int, uint32_t, uint32_t, uint32_t, uint32_t)',
  'void evaluate(uintptr_t, int)',
  'void gradients(uintptr_t, int, int, uintptr_t, uintptr_t)',
  'void stepSee(uintptr_t, int)',
  'void stepInput(uintptr_t, int, int, int)',
  'void stepProduct(uintptr_t, int, int, int, int)',
  'void stepActivate(uintptr_t, int, int, int)',
  'void stepDecide(uintptr_t, int, int, int, uint32_t, uint32_t, uint32_t, uint32_t)',
  'void stepValues(uintptr_t, int, int)',
  'void stepLoss(uintptr_t, int, int, int, uintptr_t)',
  'void stepBackward(uintptr_t, int, int, int, int)',
  'void stepShard(uintptr_t, uintptr_t, uintptr_t, int)',
  'double largestOf(uintptr_t, int)',
  'double scaleAndNorm(uintptr_t, int, double)',
  'void adam(uintptr_t, uintptr_t, uintptr_t, uintptr_t, int, double, double, double, double, double, double)',
]

type NativeExports = Exports & Steps & { addressOf(array: unknown): number }

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
