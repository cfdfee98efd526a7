import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { UsageError } from '../../../src/base/errors.ts'
import { type LibtensorflowEngine, packageOf } from '../../../src/base/libtensorflow.ts'
import { call, capture } from './process.ts'

export function findCompiler(): string {
  const found = ['g++', 'clang++', 'c++'].find(name => capture(name, ['--version']) !== null)
  if (found) return found
  throw new UsageError('--install needs a C++ compiler, for a binding of 100 KB: apt install g++')
}

/**
 * Compiles the package's own sources against Node-API's and TensorFlow's headers; it finds the libraries beside itself.
 * @returns its path
 */
export function buildBinding(compiler: string, folder: string, engine: LibtensorflowEngine): string {
  const sources = join(folder, 'node_modules', packageOf(engine), 'binding')
  const binding = join(folder, 'tfjs_binding.node')
  call(compiler, [
    ...['-shared', '-fPIC', '-O2', '-std=c++17', '-DNAPI_VERSION=8'],
    `-I${join(folder, 'node_modules', 'node-api-headers', 'include')}`,
    `-I${join(folder, 'include')}`,
    ...readdirSync(sources)
      .filter(name => name.endsWith('.cc'))
      .map(name => join(sources, name)),
    ...[`-L${join(folder, 'lib')}`, '-l:libtensorflow_cc.so.2', '-l:libtensorflow_framework.so.2'],
    ...['-Wl,-rpath,$ORIGIN/lib', '-o', binding],
  ])
  return binding
}
