/** Troubleshooting is indexed by messages: each of them is one that the code can say. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkout } from '../data.ts'

test('every message in scripts/docs/README.md is in the source', () => {
  const source = ['src', 'launcher']
    .flatMap(folder =>
      readdirSync(join(checkout, folder), { recursive: true, encoding: 'utf8' }).map(name =>
        join(folder, name),
      ),
    )
    .filter(name => /\.(ts|mjs)$/.test(name))
    .map(name => readFileSync(join(checkout, name), 'utf8').replaceAll("\\'", "'"))
    .join('\n')
  const table = readFileSync(join(checkout, 'scripts', 'docs', 'README.md'), 'utf8').split(
    '## When pporun says',
  )[1]
  const messages = [...table.matchAll(/^\| `([^`]+)` \|/gm)].map(([, message]) => message)
  assert.ok(messages.length > 15)
  const missing = messages.filter(
    message => !message.split('…').every(piece => source.includes(piece.trim())),
  )
  assert.deepEqual(missing, [])
})
