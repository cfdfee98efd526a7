import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { bundleScript } from '../../launcher/bundle.ts'
import { UsageError } from '../../src/base/errors.ts'
import { temporaryFolder } from '../rig.ts'

/** Bundles `main` of these files and runs the bundle from elsewhere. Returns what it prints, as JSON. */
async function runBundle(t: TestContext, files: Record<string, string>, main = 'main.ts'): Promise<unknown> {
  const folder = write(t, files)
  const path = join(temporaryFolder(t), 'script.mjs')
  writeFileSync(path, await bundleScript(join(folder, main)))
  const { stdout, stderr } = spawnSync(process.execPath, ['--enable-source-maps', path], { encoding: 'utf8' })
  assert.equal(stderr, '')
  const ours = (value: unknown) => (typeof value === 'string' ? value.replaceAll(folder, '$') : value)
  return JSON.parse(stdout, (_, value) => ours(value)) as unknown
}

function write(t: TestContext, files: Record<string, string>): string {
  const folder = temporaryFolder(t)
  for (const [name, source] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), source)
  }
  return folder
}

const print = (expression: string) => `console.log(JSON.stringify(${expression}))\n`

test('relative imports, with and without TypeScript’s extensions, and JSON', async t => {
  const printed = await runBundle(t, {
    'main.ts': `import { a } from './lib/a.ts'\nimport { b } from './lib/b.js'\nimport c from './c.json' with { type: 'json' }\n${print('[a, b, c]')}`,
    'lib/a.ts': `import type { T } from './types.ts'\nexport const a: T = 1\n`,
    'lib/types.ts': 'export type T = number\n',
    'lib/b.ts': 'export const b = 2 as number\n',
    'c.json': '{"c": 3}',
  })
  assert.deepEqual(printed, [1, 2, { c: 3 }])
})

test('import.meta is each file’s own', async t => {
  const meta = '[import.meta.url, import.meta.filename, import.meta.dirname]'
  const printed = await runBundle(t, {
    'main.ts': `import { other } from './lib/other.ts'\n${print(`[${meta}, other]`)}`,
    'lib/other.ts': `export const other = ${meta}\n`,
  })
  assert.deepEqual(printed, [
    ['file://$/main.ts', '$/main.ts', '$'],
    ['file://$/lib/other.ts', '$/lib/other.ts', '$/lib'],
  ])
})

test('a file beside the script is found through import.meta.url', async t => {
  const source = `import { readFileSync } from 'node:fs'\n${print("readFileSync(new URL('./data.txt', import.meta.url), 'utf8')")}`
  assert.equal(await runBundle(t, { 'main.ts': source, 'data.txt': 'beside' }), 'beside')
})

test('the script finds its own name where Node puts it', async t => {
  assert.equal(await runBundle(t, { 'main.ts': print('process.argv[1]') }), '$/main.ts')
})

test('require finds Node’s modules and packages as seen from the script', async t => {
  const printed = await runBundle(t, {
    'main.ts': `const { sep } = require('path')\nconst { kind } = require('dual')\n${print('[sep, kind]')}`,
    ...dual,
  })
  assert.deepEqual(printed, ['/', 'cjs'])
})

/** A package that is something else for import, for require and for bundlers. */
const dual = {
  'node_modules/dual/package.json': JSON.stringify({
    name: 'dual',
    exports: {
      '.': { browser: './web.js', module: './bundler.js', import: './esm.mjs', require: './cjs.cjs' },
    },
  }),
  'node_modules/dual/esm.mjs': `export const kind = 'esm'\nexport const url = import.meta.url\n`,
  'node_modules/dual/cjs.cjs': `exports.kind = 'cjs'\n`,
  'node_modules/dual/web.js': `throw new Error('for browsers')\n`,
  'node_modules/dual/bundler.js': `throw new Error('for bundlers')\n`,
}

test('a package is imported from where it lies, in the form that Node takes', async t => {
  const printed = await runBundle(t, {
    'main.ts': `import { kind, url } from 'dual'\n${print('[kind, url]')}`,
    ...dual,
  })
  assert.deepEqual(printed, ['esm', 'file://$/node_modules/dual/esm.mjs'])
})

test('a package without exports is imported by its main, not by a bundler’s field', async t => {
  const printed = await runBundle(t, {
    'main.ts': `import old from 'old'\n${print('old.kind')}`,
    'node_modules/old/package.json': JSON.stringify({
      name: 'old',
      main: './main.js',
      module: './bundler.js',
    }),
    'node_modules/old/main.js': `exports.kind = 'main'\n`,
    'node_modules/old/bundler.js': `throw new Error('for bundlers')\n`,
  })
  assert.equal(printed, 'main')
})

test("'pporun' is the running installation's", async t => {
  const folder = write(t, {
    'main.ts': `import { train } from 'pporun'\n${print('typeof train')}`,
    'node_modules/pporun/package.json': JSON.stringify({ name: 'pporun', main: './other.js' }),
    'node_modules/pporun/other.js': 'exports.train = 1\n',
  })
  const bundle = await bundleScript(join(folder, 'main.ts'))
  const installation = pathToFileURL(join(import.meta.dirname, '..', '..', 'bundle', 'index.js')).href
  assert.ok(bundle.includes(`from "${installation}"`), bundle.slice(0, 1000))
})

test('a hashbang, enums and parameter properties are taken', async t => {
  const printed = await runBundle(t, {
    'main.ts': `#!/usr/bin/env pporun\nenum Colour { red = 3 }\nclass A { constructor(readonly x: number) {} }\n${print('[Colour.red, new A(4).x]')}`,
  })
  assert.deepEqual(printed, [3, 4])
})

test('a CommonJS script is taken', async t => {
  const source = `const { sep } = require('node:path')\nconst part = require('./part.cjs')\nmodule.exports = {}\n${print('[sep, part, __filename, __dirname]')}`
  const printed = await runBundle(
    t,
    { 'main.cjs': source, 'part.cjs': `module.exports = 'part'\n` },
    'main.cjs',
  )
  assert.deepEqual(printed, ['/', 'part', '$/main.cjs', '$'])
})

test('top-level await and a dynamic import work', async t => {
  const printed = await runBundle(t, {
    'main.ts': `const { later } = await import('./later.ts')\n${print('await later')}`,
    'later.ts': 'export const later = Promise.resolve(5)\n',
  })
  assert.equal(printed, 5)
})

test('what cannot be read is a UsageError that says where', async t => {
  const bad: [source: string, message: RegExp][] = [
    ['const a = 1\nconst b = = 2\n', /main\.ts:2:10/],
    [`import { x } from './missing.ts'\nx()\n`, /Could not resolve "\.\/missing\.ts"[\s\S]*main\.ts:1:18/],
    [`\nimport x from 'no-such-package'\nx()\n`, /Could not resolve "no-such-package"[\s\S]*main\.ts:2:14/],
  ]
  for (const [source, message] of bad) {
    const folder = write(t, { 'main.ts': source })
    await assert.rejects(bundleScript(join(folder, 'main.ts')), (error: Error) => {
      assert.ok(error instanceof UsageError)
      assert.match(error.message, message)
      return true
    })
  }
})

test('an error at run time names file and line of the source, by its whole path', async t => {
  const folder = write(t, {
    'main.ts': `type T = number\nimport './lib/part.ts'\n`,
    'lib/part.ts': `type T = number\n\nconsole.log(import.meta.url)\nthrow new Error('here')\n`,
  })
  const bundle = join(temporaryFolder(t), 'deep', 'er', 'script.mjs')
  mkdirSync(dirname(bundle), { recursive: true })
  writeFileSync(bundle, await bundleScript(join(folder, 'main.ts')))
  const { stderr } = spawnSync(process.execPath, ['--enable-source-maps', bundle], { encoding: 'utf8' })
  assert.ok(stderr.includes(`${folder}/lib/part.ts:4:`), stderr)
})
