import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { prepareTensorflow, rankIdentity, visibleDevices } from '../../base/contract.ts'
import { UsageError } from '../../base/errors.ts'
import {
  BINDING,
  installCommand,
  type LibtensorflowEngine,
  libtensorflowFolder,
  packageOf,
} from '../../base/libtensorflow.ts'
import { CPU } from '../device.ts'
import type { Backend, Tf, TfWithLayers } from './backend.ts'

/** What libtensorflow's backend says of itself. */
interface NodeBackend {
  isUsingGpuDevice: boolean
}

/**
 * TensorFlow.js for Node: the project's own package where its binding is in place, else the one that `pporun doctor
 * --install` has made. On a machine without a GPU `tfjs-node-gpu` computes on the CPU; `isGpu` says so.
 */
export async function loadLibtensorflow(engine: LibtensorflowEngine): Promise<Backend> {
  const require = findPackage(engine)
  if (!require) throw new UsageError(`--engine ${engine}: not installed; ${installCommand(engine)}`)
  prepareTensorflow(Math.max(1, Math.floor(availableParallelism() / rankIdentity().localSize)))
  mendUtil()
  const tf = load(engine, require)
  await tf.ready()
  const isGpu = (tf.backend() as unknown as NodeBackend).isUsingGpuDevice
  return { tf, id: 'tensorflow', device: isGpu ? gpuName() : CPU, isGpu, readsSync: true }
}

function findPackage(engine: LibtensorflowEngine): NodeRequire | null {
  const places = [import.meta.url, join(libtensorflowFolder(engine), 'package.json')]
  return places.map(place => createRequire(place)).find(require => hasBinding(engine, require)) ?? null
}

function hasBinding(engine: LibtensorflowEngine, require: NodeRequire): boolean {
  try {
    const found = require.resolve(`${packageOf(engine)}/package.json`)
    return existsSync(join(dirname(found), BINDING)) // false for a link that leads nowhere
  } catch {
    return false
  }
}

function load(engine: LibtensorflowEngine, require: NodeRequire): TfWithLayers {
  try {
    const core = createRequire(require.resolve(`${packageOf(engine)}/package.json`))
    // First of all, on the copy that it shares: else it greets.
    ;(core('@tensorflow/tfjs') as Tf).enableProdMode()
    return require(packageOf(engine)) as TfWithLayers
  } catch (error) {
    const { message } = error as Error
    throw new UsageError(
      `--engine ${engine}: does not load: ${message.split('\n')[0]}; remove ${libtensorflowFolder(engine)}, then ${installCommand(engine)}`,
    )
  }
}

/** The last release of tfjs calls two functions that Node 23 has taken away. */
function mendUtil(): void {
  const util = createRequire(import.meta.url)('node:util') as Record<string, unknown>
  util.isNullOrUndefined = (value: unknown) => value === null || value === undefined
  util.isArray = Array.isArray
}

/** As nvidia-smi calls this rank's: `NVIDIA H200, 143771 MiB`. libtensorflow takes the last one that it may see. */
function gpuName(): string {
  const own = visibleDevices().cuda?.split(',').at(-1)
  const query = ['--query-gpu=name,memory.total', '--format=csv,noheader', ...(own ? ['-i', own] : [])]
  const { status, stdout } = spawnSync('nvidia-smi', query, { encoding: 'utf8', timeout: 10_000 })
  return (status === 0 && stdout.trim().split('\n').at(-1)) || 'GPU'
}
