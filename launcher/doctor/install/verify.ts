import { spawnSync } from 'node:child_process'
import { PporunError } from '../../../src/base/errors.ts'
import { type LibtensorflowEngine, packageOf, TENSORFLOW_VERSION } from '../../../src/base/libtensorflow.ts'

/** A convolution, in a process of its own as a rank would load it. */
const script = `const [folder, name] = process.argv.slice(1)
const { createRequire } = require('node:module')
const util = require('node:util')
util.isNullOrUndefined = value => value == null
util.isArray = Array.isArray
const tf = createRequire(folder + '/package.json')(name)
tf.enableProdMode()
const sum = tf.conv2d(tf.ones([1, 3, 3, 1]), tf.ones([2, 2, 1, 1]), 1, 'valid').sum().dataSync()[0]
console.log(JSON.stringify({ sum, gpu: tf.backend().isUsingGpuDevice }))`

/** Computes on it. @returns what it runs on. Throws PporunError, with the mend, if it does not work */
export function verify(engine: LibtensorflowEngine, folder: string): string {
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', script, folder, packageOf(engine)], {
    encoding: 'utf8',
  })
  const last = stdout.trim().split('\n').at(-1) ?? ''
  const found = last.startsWith('{') ? (JSON.parse(last) as { sum: number; gpu: boolean }) : null
  if (found?.sum !== 16) {
    const why = stderr.split('\n').find(line => /Error|cannot/.test(line)) ?? 'it computes nonsense'
    throw new PporunError(`${engine} does not work: ${why.trim()}; remove ${folder} and install again`)
  }
  const where = found.gpu ? 'a GPU' : 'the CPU'
  const missing = engine === 'tfjs-node-gpu' && !found.gpu ? ', because it finds no GPU here' : ''
  return `libtensorflow ${TENSORFLOW_VERSION} works, on ${where}${missing}`
}
