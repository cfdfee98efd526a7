/**
 * No function of Math that IEEE 754 does not round exactly, and no power operator, where a result can reach
 * parameters (ARCHITECTURE decision 11): such results may differ between versions of a JavaScript engine.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkout } from '../data.ts'

const rooms = ['base/math', 'env', 'engine', 'ppo']

const names =
  'sin|cos|tan|exp|log|log2|log10|log1p|expm1|pow|tanh|sinh|cosh|asin|acos|atan|atan2|asinh|acosh|atanh|hypot|cbrt|random'

/** Also Math itself without a dot: taken apart, passed on or indexed, it hides what is called. */
const forbidden = new RegExp(String.raw`\bMath\s*\.\s*(?:${names})\b|\bMath\b(?!\s*\.)|\*\*`)

/** Puts a stream of ours in the place of Math.random while a script makes its network. */
const seeded = join('src', 'engine', 'tfjs', 'seeded.ts')

/** Plain strings and comments, or a template, which stays: it may hold code. */
const textOrComment = /`(?:\\.|[^`\\])*`|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g

/** `file:line: text` of every violation. */
function violations(file: string, source: string): string[] {
  const code = source.replace(textOrComment, text =>
    text.startsWith('`') ? text : text.replace(/[^\n]/g, ' '),
  )
  const lines = source.split('\n')
  return code
    .split('\n')
    .flatMap((line, i) => (forbidden.test(line) ? [`${file}:${i + 1}: ${lines[i].trim()}`] : []))
}

test('no source whose results reach parameters uses them', () => {
  const files = rooms.flatMap(room =>
    readdirSync(join(checkout, 'src', room), { recursive: true, encoding: 'utf8' })
      .filter(name => name.endsWith('.ts'))
      .map(name => join('src', room, name))
      .filter(name => name !== seeded),
  )
  assert.ok(files.includes(join('src', 'base/math', 'elementary.ts')))
  const found = files.flatMap(file => violations(file, readFileSync(join(checkout, file), 'utf8')))
  assert.deepEqual(found, [])
})

test('the scan sees code and does not see comments and strings', () => {
  const bad = [
    'x = Math.exp(1)',
    'x **= 2',
    'const { sin } = Math',
    'f(Math)',
    'x = `$' + '{2 ** y}`',
    'Math["sin"]',
  ]
  for (const line of bad) assert.equal(violations('f.ts', line).length, 1, line)
  const fine = [
    '// Math.exp',
    '/* 2 ** 3 */',
    "x = 'Math.log'",
    '/**\n * Math.sin\n */',
    'Math.sqrt(Math.PI)',
  ]
  for (const line of fine) assert.deepEqual(violations('f.ts', line), [], line)
  assert.deepEqual(violations('f.ts', '/*\n*/\n  2 ** 3 // why'), ['f.ts:3: 2 ** 3 // why'])
})
