import { join } from 'node:path'
import { cacheFolder } from './contract.ts'

/**
 * libtensorflow behind TensorFlow.js for Node: what `pporun doctor --install` puts in a cache of its own, outside
 * node_modules, and what engine/tfjs/ looks for there.
 */
export const TENSORFLOW_VERSION = '2.20.0'
/** Of TensorFlow.js; its packages carry one number, and it is the last release. */
export const TFJS_VERSION = '4.22.0'

/** The engines that need it, which is also how `doctor --install` calls them. */
export const libtensorflowEngines = ['tfjs-node-gpu', 'tfjs-node'] as const
export type LibtensorflowEngine = (typeof libtensorflowEngines)[number]

/** The npm package, in the cache or in the user's own project. */
export const packageOf = (engine: LibtensorflowEngine): string => `@tensorflow/${engine}`

/** Where `doctor --install` puts it: a folder with node_modules, lib and the binding. */
export function libtensorflowFolder(engine: LibtensorflowEngine): string {
  return join(cacheFolder(), `${engine}-${TFJS_VERSION}-tf-${TENSORFLOW_VERSION}-${process.arch}`)
}

/** Inside of the npm package. */
export const BINDING: string = join('lib', 'napi-v8', 'tfjs_binding.node')

/** What a user has to know before saying yes, in MB. */
export const downloads: Record<LibtensorflowEngine, { download: number; disk: number }> = {
  'tfjs-node': { download: 310, disk: 1050 },
  'tfjs-node-gpu': { download: 3200, disk: 5700 },
}

/** The command that mends its absence. */
export const installCommand = (engine: LibtensorflowEngine): string =>
  `npx pporun doctor --install ${engine} (downloads ${downloads[engine].download} MB)`
