import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UsageError } from '../../src/base/errors.ts'
import { makeEngine } from '../../src/engine/select.ts'
import { oddLayout } from './random.ts'

test('auto chooses an exact engine', () => {
  assert.equal(makeEngine('auto', oddLayout('tanh')).exact, true)
  assert.equal(makeEngine('reference', oddLayout('tanh')).name, 'reference')
})

test('an unknown name is refused with the known ones', () => {
  for (const name of ['tensorflow', 'toString'])
    assert.throws(
      () => makeEngine(name, oddLayout('tanh')),
      (error: Error) => error instanceof UsageError && /auto, reference/.test(error.message),
    )
})
