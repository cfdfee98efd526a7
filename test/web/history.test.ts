import assert from 'node:assert/strict'
import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { History } from '../../src/web/history.ts'
import { temporaryFolder } from '../rig.ts'

const line = (update: number, more: object = {}) =>
  `${JSON.stringify({ update, steps: 10 * update, ...more })}\n`

test('what is written later is read later; a part of a line waits for its rest', t => {
  const path = join(temporaryFolder(t), 'metrics.jsonl')
  const history = new History(path)
  assert.equal(history.read(), false)
  writeFileSync(path, line(1) + line(2).slice(0, 9))
  assert.equal(history.read(), true)
  assert.deepEqual([history.length, history.column('steps')], [1, [10]])
  appendFileSync(path, line(2).slice(9))
  assert.equal(history.read(), true)
  assert.deepEqual(history.column('steps'), [10, 20])
  assert.equal(history.read(), false)
})

test('a column that begins later is empty before, and one that ends stays as long as the others', t => {
  const path = join(temporaryFolder(t), 'metrics.jsonl')
  writeFileSync(path, line(1, { 'a/b': 1 }) + line(2, { 'c/d': null }) + line(3, { 'c/d': 3 }))
  const history = new History(path)
  history.read()
  assert.deepEqual(history.names, ['update', 'steps', 'a/b', 'c/d'])
  assert.deepEqual(history.column('a/b'), [1, null, null])
  assert.deepEqual(history.column('c/d'), [null, null, 3])
  assert.deepEqual(history.column('no/such'), [null, null, null])
  assert.deepEqual([history.last('a/b'), history.last('no/such')], [1, null])
})

test('lines that are no JSON are left out, and after a resume the newest of an update counts', t => {
  const path = join(temporaryFolder(t), 'metrics.jsonl')
  writeFileSync(
    path,
    `${line(1, { x: 1 })}\0\0\0\n"text"\n${line(2, { x: 2 })}${line(3, { x: 3 })}${line(2, { x: 20 })}`,
  )
  const history = new History(path)
  history.read()
  assert.deepEqual(
    [history.column('update'), history.column('x')],
    [
      [1, 2],
      [1, 20],
    ],
  )
})
