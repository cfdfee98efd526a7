import { openLibrary, openModule } from '../../base/native.ts'

/** The functions of cartpole.c; the argument points to the Batch. */
interface Exports {
  reset(batch: number): void
  step(batch: number): void
  observeAll(batch: number): void
}

/** The kernel, and memory of its caller's own in which it works. */
export interface CartPoleKernel extends Exports {
  memory: ArrayBuffer
  /** Of `memory`, where that of the caller begins. */
  offset: number
  /** Pointer to it. */
  base: number
}

/** Makes a kernel with so many bytes of memory. */
export type Load = (bytes: number) => CartPoleKernel | null

const built = new URL('../../../../src/env/kernels/built/', import.meta.url)

export function loadWasm(bytes: number): CartPoleKernel {
  const { exports, memory, offset } = openModule(new URL('cartpole.wasm', built), bytes)
  return { ...(exports as unknown as Exports), memory, offset, base: offset }
}

const signatures = [
  'uint64_t addressOf(void*)',
  'void reset(uintptr_t)',
  'void step(uintptr_t)',
  'void observeAll(uintptr_t)',
]

/** The machine's library, or null if there is none; looked for once per process. */
type NativeExports = Exports & { addressOf(memory: unknown): number }
let library: NativeExports | null | undefined

/** As machine code, or null if there is none for this machine: then WebAssembly gives the same bits. */
export function loadNative(bytes: number): CartPoleKernel | null {
  if (library === undefined) library = openLibrary(built, 'cartpole', signatures) as NativeExports | null
  if (!library) return null
  const { addressOf, ...kernel } = library
  const memory = new ArrayBuffer(bytes)
  return { ...kernel, memory, offset: 0, base: addressOf(new Uint8Array(memory)) }
}
