// Runs a suite of compiled tests with Node's own runner, the fast rooms first, one file at a time:
// tests that start ranks need both cores of a small machine.
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const suites = {
  default:
    'house base env engine ppo parallel log checkpoint policy web collective scaling launcher ranks command'.split(
      ' ',
    ),
  learning: ['learning'],
  webgpu: ['webgpu'],
  web: ['tensorboard', 'terminal', 'browser'],
  cluster: ['cluster'],
  soak: ['soak'],
  faults: ['faults'],
}
const [name = 'default', ...only] = process.argv.slice(2)
const rooms = suites[name]
if (!rooms) {
  console.error(`no suite '${name}': ${Object.keys(suites).join(', ')}`)
  process.exit(2)
}

const root = fileURLToPath(new URL('..', import.meta.url))
// By their sources: what an earlier build has left in dist/ is no test any more.
const files = rooms
  .flatMap(room =>
    readdirSync(join(root, 'test', room), { recursive: true }).map(file => join('test', room, file)),
  )
  .filter(file => file.endsWith('.test.ts') && (only.length === 0 || only.some(word => file.includes(word))))
  .map(file => join(root, 'dist', file.replace(/ts$/, 'js')))
if (files.length === 0) {
  console.error(`no test file of suite '${name}' contains ${only.join(' or ')}`)
  process.exit(2)
}
const flags = ['--enable-source-maps', '--test', '--test-concurrency=1', '--test-reporter=spec']
process.exit(spawnSync(process.execPath, [...flags, ...files], { stdio: 'inherit' }).status ?? 1)
