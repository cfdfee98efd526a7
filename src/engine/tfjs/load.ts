import { UsageError } from '../../base/errors.ts'
import { TFJS_VERSION } from '../../base/libtensorflow.ts'
import { CPU } from '../device.ts'
import type { Backend, Tf, TfWithLayers } from './backend.ts'
import { chainOperations } from './chained.ts'
import { loadLibtensorflow } from './libtensorflow.ts'
import { mendKernels } from './wasmkernels.ts'

/** Engines of the family, by the name that --engine takes. */
export const tfjsEngines = ['tfjs-node-gpu', 'tfjs-node', 'tfjs-wasm', 'tfjs-cpu'] as const
export type TfjsEngineName = (typeof tfjsEngines)[number]

const loaders: Record<TfjsEngineName, () => Promise<Backend>> = {
  'tfjs-node-gpu': () => loadLibtensorflow('tfjs-node-gpu'),
  'tfjs-node': () => loadLibtensorflow('tfjs-node'),
  'tfjs-cpu': () => loadPlain('cpu', () => import('@tensorflow/tfjs-backend-cpu')),
  'tfjs-wasm': async () => {
    const keep = keepListeners()
    const backend = await loadPlain('wasm', () => import('@tensorflow/tfjs-backend-wasm'))
    keep()
    mendKernels(backend.tf)
    return backend
  },
}

const loaded = new Map<TfjsEngineName, Promise<Backend>>()

/**
 * TensorFlow.js with the backend of an engine, loaded once per process.
 * @throws UsageError, one line with the mend, for each way of being absent
 */
export function loadBackend(name: TfjsEngineName): Promise<Backend> {
  const known = loaded.get(name) ?? loaders[name]()
  loaded.set(name, known)
  return known
}

/** A backend that is an npm package of its own, beside tfjs-core. */
async function loadPlain(id: 'cpu' | 'wasm', importBackend: () => Promise<unknown>): Promise<Backend> {
  const packages = ['core', 'layers', `backend-${id}`].map(part => `@tensorflow/tfjs-${part}`)
  try {
    const tf = await importCore()
    await importBackend()
    if (!(await tf.setBackend(id))) throw new UsageError(`--engine tfjs-${id}: the backend does not start`)
    chainOperations(tf)
    return { tf, id, device: CPU, isGpu: false, readsSync: true }
  } catch (error) {
    const missing = missingPackage(error)
    if (missing === null) throw error
    const install = `npm install ${packages.map(name => `${name}@${TFJS_VERSION}`).join(' ')}`
    throw new UsageError(`--engine tfjs-${id}: ${missing} is not installed; ${install}`)
  }
}

/** tfjs-core with tfjs-layers, which alone registers gradients under Node. */
async function importCore(): Promise<TfWithLayers> {
  const { default: tf } = (await import('@tensorflow/tfjs-core')) as unknown as { default: Tf }
  tf.enableProdMode() // first of all: else it greets, and warns of every kernel that a second copy registers
  const { default: layers } = (await import('@tensorflow/tfjs-layers')) as unknown as { default: object }
  return { ...tf, ...layers } as TfWithLayers
}

/** Emscripten makes itself the owner of a process's errors, which a rank has (src/preload.ts). @returns what undoes it */
function keepListeners(): () => void {
  const events = ['uncaughtException', 'unhandledRejection'] as const
  const before = events.map(event => process.listeners(event as 'uncaughtException'))
  return () => {
    for (const [i, event] of events.entries())
      for (const listener of process.listeners(event as 'uncaughtException'))
        if (!before[i].includes(listener)) process.removeListener(event, listener)
  }
}

/** The package that an import did not find; null: it failed otherwise. */
function missingPackage(error: unknown): string | null {
  const { code, message = '' } = error as { code?: string; message?: string }
  if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') return null
  return /'(@tensorflow\/[\w-]+)/.exec(message)?.[1] ?? null
}
