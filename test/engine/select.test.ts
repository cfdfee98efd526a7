import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UsageError } from '../../src/base/errors.ts'
import { layoutOf } from '../../src/engine/layout.ts'
import { makeEngine } from '../../src/engine/select.ts'
import { oddLayout } from './random.ts'

test('auto chooses native kernels where there are some, else WebAssembly', async () => {
  const { name, exact } = await makeEngine('auto', oddLayout())
  assert.ok(exact)
  assert.ok(name === 'native' || name === 'wasm', name)
  if (process.platform === 'linux' && process.arch === 'x64') assert.equal(name, 'native')
})

test('each engine can be had by its name', async () => {
  for (const name of ['native', 'wasm', 'tfjs-wasm', 'tfjs-cpu', 'reference'])
    assert.equal((await makeEngine(name, oddLayout())).name, name)
})

test('a network too deep for the kernels is refused with what takes it', async () => {
  const deep = layoutOf({
    observationSize: 2,
    hidden: new Array(20).fill(2),
    activation: 'tanh',
    sharedTrunk: false,
    distribution: 'categorical',
    numActions: 2,
  })
  await assert.rejects(() => makeEngine('wasm', deep), /15 layers; use --engine reference/)
  assert.equal((await makeEngine('reference', deep)).name, 'reference')
})

test('an unknown name is refused with the known ones', async () => {
  for (const name of ['tensorflow', 'toString'])
    await assert.rejects(
      () => makeEngine(name, oddLayout()),
      (error: Error) => error instanceof UsageError && /auto, native, wasm, .*reference/.test(error.message),
    )
})
