/**
 * Rooms and floors (ARCHITECTURE section 3): a file imports from its own room and from lower floors only, and
 * each package and process.env is used where the table says and nowhere else.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { test } from 'node:test'
import { checkout } from '../data.ts'

/** `src/ROOM/` by floor; what lies in src/ itself joins them all. */
const floors = [
  ['base'],
  ['collective', 'engine', 'env', 'log', 'checkpoint'],
  ['ppo', 'scaling'],
  ['policy', 'web', 'parallel'],
]

/** The files that may import each package. */
const packages: [name: RegExp, allowed: RegExp][] = [
  [/^zeromq$/, /^src\/collective\/(zmq|zmq\/\w+|rendezvous)\.ts$/],
  [/^koffi$/, /^src\/base\/(system|native)\.ts$/],
  [/^@tensorflow\//, /^src\/engine\/tfjs\//],
  [/^webgpu$/, /^src\/engine\/webgpu\/load\.ts$/],
  [/^esbuild$/, /^launcher\//],
  [/^shamir-secret-sharing$/, /^src\/parallel\/secure\/sum\.ts$/],
  [/^execa$/, /^launcher\//],
  [/^yargs$/, /^(launcher\/args|src\/options)\.ts$/],
]

interface Import {
  from: string
  /** A path below the checkout, or a package. */
  to: string
  typeOnly: boolean
}

const commentOrText = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g
const statement = /(?:^|[;\n])\s*(import|export)\b(\s+type\b)?[^'";]*?\bfrom\s*['"]([^'"]+)['"]/g
const sideEffect = /(?:^|[;\n])\s*import\s*['"]([^'"]+)['"]/g
/** `import('x')` as a value and as a type, `require('x')`, and `createRequire(...)('x')`. */
const call = /(typeof\s+)?(?:\bimport|\brequire|\bcreateRequire\([^()]*\))\s*\(\s*['"]([^'"]+)['"]/g

function withoutComments(source: string): string {
  return source.replace(commentOrText, text => (/^\/[/*]/.test(text) ? ' ' : text))
}

function importsOf(from: string, source: string): Import[] {
  const code = withoutComments(source)
  const target = (name: string) => (name.startsWith('.') ? posix.join(posix.dirname(from), name) : name)
  const found = [
    ...[...code.matchAll(statement)].map(([, , type, name]) => ({ name, typeOnly: type !== undefined })),
    ...[...code.matchAll(sideEffect)].map(([, name]) => ({ name, typeOnly: false })),
    ...[...code.matchAll(call)].map(([, type, name]) => ({ name, typeOnly: type !== undefined })),
  ]
  return found.map(({ name, typeOnly }) => ({ from, to: target(name), typeOnly }))
}

/** Why an import must not be; null if it may. */
function violation({ from, to, typeOnly }: Import): string | null {
  for (const [name, allowed] of packages)
    if (name.test(to)) return allowed.test(from) ? null : `only ${allowed.source} may import ${to}`
  if (!/^(src|launcher|test|scripts)\//.test(to)) return null
  if (from.startsWith('launcher/')) return launcherViolation(from, to)
  if (!to.startsWith('src/')) return 'src/ imports from src/ only'
  return roomViolation(from, to, typeOnly)
}

const room = (path: string): string => path.split('/')[1]

function launcherViolation(from: string, to: string): string | null {
  if (from.startsWith('launcher/commands/'))
    return /^(launcher\/args\.ts|launcher\/commands\/.+|src\/index\.ts|src\/base\/.+)$/.test(to)
      ? null
      : 'a command imports the public API, launcher/args.ts and src/base'
  if (/^launcher\/(agent|job)\//.test(from) && /^launcher\/(agent|job)\//.test(to) && room(from) !== room(to))
    return 'agents and the launcher know each other by launcher/protocol.ts'
  if (from === 'launcher/help.ts') return null
  // Commands that start jobs of their own.
  if (/^launcher\/(doctor|scaling|sweep)\//.test(from) && /^(launcher\/|src\/index\.ts$)/.test(to))
    return null
  // main.ts loads each command when it is asked for.
  if (from === 'launcher/main.ts' && to.startsWith('launcher/')) return null
  if (/^launcher\/(commands\/|doctor\/|scaling\/|sweep\/|help\.ts)/.test(to))
    return 'the path that runs a job knows no other command'
  return /^(launcher\/|src\/base\/|src\/collective\/rendezvous\.ts$)/.test(to)
    ? null
    : 'the path that runs a job imports src/base and the rendezvous only'
}

function roomViolation(from: string, to: string, typeOnly: boolean): string | null {
  const [own, other] = [from, to].map(path => path.split('/').slice(1, -1)[0])
  if (own === undefined || own === other) return null
  if (other === undefined) return `a room imports no file of src/ itself`
  const [floor, below] = [own, other].map(room => floors.findIndex(rooms => rooms.includes(room)))
  if (floor < 0 || below < 0) return `no floor is known of src/${floor < 0 ? own : other}/`
  if (below >= floor) return `${own} (floor ${floor}) must not know ${other} (floor ${below})`
  if (own === 'ppo' && below === 1 && !typeOnly) return 'ppo sees floor 1 as types only'
  return null
}

function sources(folder: string): [path: string, source: string][] {
  return readdirSync(join(checkout, folder), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.ts'))
    .map(name => posix.join(folder, name))
    .map(path => [path, readFileSync(join(checkout, path), 'utf8')])
}

const files = [...sources('src'), ...sources('launcher')]

test('every file imports from its own room and from lower floors only', () => {
  const imports = files.flatMap(([path, source]) => importsOf(path, source))
  assert.ok(imports.some(({ from, to }) => from === 'src/assemble.ts' && to === 'src/ppo/ppo.ts'))
  const found = imports.flatMap(found => {
    const why = violation(found)
    return why === null ? [] : [`${found.from} imports ${found.to}: ${why}`]
  })
  assert.deepEqual(found, [])
})

test('process.env is read in src/base/contract.ts only', () => {
  const reads = /\bprocess\s*(\.\s*env\b|\[\s*['"]env)|\benv\b[^=]*\}\s*=\s*process\b|['"](node:)?process['"]/
  const readers = files.filter(([, source]) => reads.test(withoutComments(source)))
  assert.deepEqual(
    readers.map(([path]) => path),
    ['src/base/contract.ts'],
  )
})

test('the scan sees every kind of import', () => {
  const source = [
    `import type { A } from '../engine/engine.ts'`,
    `import {\n  b,\n} from '../env/batch.ts' // from '../no/comment.ts'`,
    `export * from './gae.ts'`,
    `import 'zeromq'`,
    `const later = await import('./late.ts')`,
    `const native: typeof import('koffi') = createRequire(import.meta.url)('koffi')`,
    `/* import x from './no.ts' */ const text = "import y from './text.ts'"`,
  ].join('\n')
  const found = importsOf('src/ppo/f.ts', source).map(({ to, typeOnly }) => `${to}${typeOnly ? ' type' : ''}`)
  const expected = [
    'src/engine/engine.ts type',
    'src/env/batch.ts',
    'src/ppo/gae.ts',
    'zeromq',
    'src/ppo/late.ts',
    'koffi type',
    'koffi',
  ]
  assert.deepEqual(found.sort(), expected.sort())
})

test('the scan refuses what the floors forbid', () => {
  const bad: [from: string, source: string][] = [
    ['src/base/a.ts', `import { b } from '../log/b.ts'`],
    ['src/env/a.ts', `import type { b } from '../engine/b.ts'`],
    ['src/ppo/a.ts', `import { b } from '../engine/b.ts'`],
    ['src/log/a.ts', `import { train } from '../train.ts'`],
    ['src/new/a.ts', `import { b } from '../base/b.ts'`],
    ['src/env/a.ts', `import * as zmq from 'zeromq'`],
    ['launcher/job/job.ts', `import { ppo } from '../../src/ppo/ppo.ts'`],
    ['launcher/job/job.ts', `import { evaluateCommand } from '../commands/eval.ts'`],
    ['launcher/agent/a.ts', `import { b } from '../job/b.ts'`],
    ['launcher/commands/a.ts', `import { ppo } from '../../src/ppo/ppo.ts'`],
    ['src/train.ts', `import { run } from '../launcher/run.ts'`],
  ]
  for (const [from, source] of bad)
    assert.equal(importsOf(from, source).filter(found => violation(found)).length, 1, `${from}: ${source}`)
})
