import { engineChoices } from '../base/contract.ts'
import { PporunError, UsageError } from '../base/errors.ts'
import { Adam } from './adam.ts'
import type { Engine } from './engine.ts'
import { KernelEngine } from './kernels/driver.ts'
import { type Load, loadNative, loadWasm } from './kernels/load.ts'
import { KernelOptimizer } from './kernels/optimizer.ts'
import { passesSelfTest } from './kernels/selftest.ts'
import type { Room } from './kernels/views.ts'
import type { Layout } from './layout.ts'
import type { Optimizer } from './optimizer.ts'
import { ReferenceEngine } from './reference/reference.ts'
import { TfjsEngine } from './tfjs/engine.ts'
import { tfjsEngines } from './tfjs/load.ts'
import { type Found, findTfjsEngine, isTfjsEngine, makeTfjsEngine } from './tfjs/make.ts'
import { WebgpuEngine } from './webgpu/engine.ts'
import { findWebgpuEngine, makeWebgpuEngine } from './webgpu/make.ts'

const knownEngines: readonly string[] = engineChoices

/** An engine, and why `auto` took it. */
export interface Opened {
  engine: Engine
  /** One line; '' where the user has named the engine. */
  why: string
  isGpu: boolean
  /** What training begins with, where a script's own network says so, [P]. */
  initial: Float32Array | null
}

export interface Wish {
  /** Nothing but a GPU will do. */
  gpuOnly: boolean
  /** Of an own network's first values. */
  seed: number
  /** That the kernels begin with. */
  room: Partial<Room>
}

/**
 * `auto`: the kernels, which are exact and the fastest on small networks; for convolutions a GPU by libtensorflow or
 * WebGPU, else, as for a script's own networks, the first of the TensorFlow.js family that runs here. It depends on the
 * machine and the network alone.
 * @throws UsageError if no engine runs here
 */
export async function openEngine(
  name: string,
  layout: Layout,
  { gpuOnly, seed, room }: Wish = { gpuOnly: false, seed: 0, room: {} },
): Promise<Opened> {
  if (name !== 'auto') return opened(await makeEngine(name, layout, { seed, room }), '')
  const { encoder, keys, own } = layout.network
  if (encoder || keys || own || gpuOnly) {
    const { engine, missing } = await findEngine(layout, gpuOnly, seed)
    const better = missing.length > 0 ? `; missing for a faster one: ${missing.join('; ')}` : ''
    const what = gpuOnly
      ? 'on a GPU'
      : own
        ? `for the network '${own.name}'`
        : keys
          ? "for a Dict's encoders"
          : 'for convolutions'
    return opened(engine, `the fastest here ${what}${better}`)
  }
  const engine = kernelEngine(layout, room)
  const better = engine.name === 'native' ? '' : '; missing for a faster one: native kernels for this machine'
  return opened(engine, `the fastest here for small networks, with equal bits at any -np${better}`)
}

/** What a GPU computes with, else the first of the TensorFlow.js family. */
async function findEngine(
  layout: Layout,
  gpuOnly: boolean,
  seed: number,
): Promise<{ engine: Engine; missing: string[] }> {
  if (layout.network.own || layout.network.keys) return findTfjsEngine(layout, gpuOnly, seed)
  let found: Found | UsageError
  try {
    found = await findTfjsEngine(layout, gpuOnly, seed)
    if (found.engine.isGpu) return found
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    found = error
  }
  const webgpu = await findWebgpuEngine(layout)
  if (webgpu instanceof WebgpuEngine) return { engine: webgpu, missing: [] }
  if (found instanceof UsageError) throw new UsageError(`${found.message}; ${webgpu}`)
  return { engine: found.engine, missing: [...found.missing, webgpu] }
}

function opened(engine: Engine, why: string): Opened {
  const tfjs = engine instanceof TfjsEngine ? engine : null
  const isGpu = tfjs?.isGpu ?? (engine instanceof WebgpuEngine && engine.isGpu)
  return { engine, why, isGpu, initial: tfjs?.initial ?? null }
}

/**
 * The engine called `name` (`--engine`). Native and WebAssembly kernels give each other's bits, so ranks may differ in
 * which they run.
 * @throws UsageError if there is none of that name, or it does not run on this machine
 */
export async function makeEngine(
  name: string,
  layout: Layout,
  { seed = 0, room = {} }: Partial<Wish> = {},
): Promise<Engine> {
  if (name === 'auto') return (await openEngine(name, layout)).engine
  if (isTfjsEngine(name)) return makeTfjsEngine(name, layout, seed)
  const { own, keys } = layout.network
  if (name === 'webgpu' && keys)
    throw new UsageError('--engine webgpu: it has no encoders for keys of a Dict; use --engine auto')
  if (name === 'webgpu' && !own) return makeWebgpuEngine(layout)
  if (own && knownEngines.includes(name))
    throw new UsageError(
      `--engine ${name}: the network '${own.name}' is made of TensorFlow.js; leave --engine out, or use ${tfjsEngines.join(', ')}`,
    )
  if (name === 'reference') return new ReferenceEngine(layout)
  if (name === 'wasm') return wasmEngine(layout, room)
  if (name === 'native') {
    const native = nativeKernels()
    if (native) return new KernelEngine('native', layout, native, room)
    throw new UsageError(
      '--engine native: no kernels for this machine, or they fail their self-test; use --engine wasm',
    )
  }
  throw new UsageError(`unknown engine '${name}': it is one of ${engineChoices.join(', ')}`)
}

/** The kernels as this machine runs them best. */
export function kernelEngine(layout: Layout, room: Partial<Room> = {}): Engine {
  const native = nativeKernels()
  return native ? new KernelEngine('native', layout, native, room) : wasmEngine(layout, room)
}

/** What moves the parameters beside an engine: the kernels where they can, with the same bits as the oracle's. */
export function makeOptimizer({ name, layout }: Pick<Engine, 'name' | 'layout'>): Optimizer {
  if (name === 'reference') return new Adam(layout)
  const native = name === 'wasm' ? null : nativeKernels()
  return new KernelOptimizer(layout, native ?? loadWasm)
}

function wasmEngine(layout: Layout, room: Partial<Room>): Engine {
  if (!passesSelfTest(loadWasm))
    throw new PporunError('the WebAssembly kernels fail their self-test; use --engine reference')
  return new KernelEngine('wasm', layout, loadWasm, room)
}

/** How to load native kernels, if there are any for this machine and they compute what they should. */
function nativeKernels(): Load | null {
  if (!loadNative(64)) return null
  const load = (bytes: number) => loadNative(bytes)!
  return passesSelfTest(load) ? load : null
}
