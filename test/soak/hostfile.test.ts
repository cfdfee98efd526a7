import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fuzzHostfiles } from '../launcher/fuzz.ts'

test('a minute of hostfiles: a plan or an error with its place, never a crash', t => {
  const [plans, refused] = fuzzHostfiles({ milliseconds: 60_000 })
  assert.ok(plans > 10_000 && refused > 10_000)
  t.diagnostic(`${plans} plans, ${refused} refused`)
})
