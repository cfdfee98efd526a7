import { engineChoices } from '../base/contract.ts'
import { PporunError, UsageError } from '../base/errors.ts'
import { Adam } from './adam.ts'
import type { Engine } from './engine.ts'
import { KernelEngine } from './kernels/driver.ts'
import { type Load, loadNative, loadWasm } from './kernels/load.ts'
import { KernelOptimizer } from './kernels/optimizer.ts'
import { passesSelfTest } from './kernels/selftest.ts'
import type { Layout } from './layout.ts'
import type { Optimizer } from './optimizer.ts'
import { ReferenceEngine } from './reference.ts'
import { isTfjsEngine, makeTfjsEngine } from './tfjs/make.ts'

/**
 * The engine called `name` (`--engine`); `auto` is the first of the kernels that runs here. Native and WebAssembly
 * kernels give each other's bits, so ranks may differ in which they run.
 * @throws UsageError if there is none of that name, or it does not run on this machine
 */
export async function makeEngine(name: string, layout: Layout): Promise<Engine> {
  if (name === 'reference') return new ReferenceEngine(layout)
  if (name === 'wasm') return wasmEngine(layout)
  if (name === 'native') {
    const native = nativeKernels()
    if (native) return new KernelEngine('native', layout, native)
    throw new UsageError(
      '--engine native: no kernels for this machine, or they fail their self-test; use --engine wasm',
    )
  }
  if (isTfjsEngine(name)) return makeTfjsEngine(name, layout)
  if (name !== 'auto')
    throw new UsageError(`unknown engine '${name}': it is one of ${engineChoices.join(', ')}`)
  return kernelEngine(layout)
}

/** The kernels as this machine runs them best. */
export function kernelEngine(layout: Layout): Engine {
  const native = nativeKernels()
  return native ? new KernelEngine('native', layout, native) : wasmEngine(layout)
}

/** What moves the parameters beside an engine: in the kernels where they run, with the same bits. */
export function makeOptimizer({ name, layout }: Pick<Engine, 'name' | 'layout'>): Optimizer {
  if (name === 'native') return new KernelOptimizer(layout, bytes => loadNative(bytes)!)
  return name === 'wasm' ? new KernelOptimizer(layout, loadWasm) : new Adam(layout)
}

function wasmEngine(layout: Layout): Engine {
  if (!passesSelfTest(loadWasm))
    throw new PporunError('the WebAssembly kernels fail their self-test; use --engine reference')
  return new KernelEngine('wasm', layout, loadWasm)
}

/** How to load native kernels, if there are any for this machine and they compute what they should. */
function nativeKernels(): Load | null {
  if (!loadNative(64)) return null
  const load = (bytes: number) => loadNative(bytes)!
  return passesSelfTest(load) ? load : null
}
