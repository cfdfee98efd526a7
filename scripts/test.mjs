// Runs a suite of compiled tests with Node's own runner, the fast rooms first.
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Rooms whose tests compute, most of them in their own process: a file to each core. */
const computing =
  'house base env engine ppo parallel log checkpoint policy web collective scaling ranks'.split(' ')
/** Rooms whose tests start ranks, which need both cores of a small machine: one file at a time. */
const suites = {
  default: ['launcher', 'command'],
  learning: ['learning'],
  webgpu: ['webgpu'],
  web: ['tensorboard', 'terminal', 'browser'],
  cluster: ['cluster'],
  soak: ['soak'],
  faults: ['faults'],
}
const [name = 'default', ...only] = process.argv.slice(2)
if (!Object.hasOwn(suites, name)) {
  console.error(`no suite '${name}': ${Object.keys(suites).join(', ')}`)
  process.exit(2)
}

const root = fileURLToPath(new URL('..', import.meta.url))

/** By their sources: what an earlier build has left in dist/ is no test any more. */
function filesOf(rooms) {
  const inRoom = room => readdirSync(join(root, 'test', room)).map(file => join('test', room, file))
  return rooms
    .flatMap(inRoom)
    .filter(
      file => file.endsWith('.test.ts') && (only.length === 0 || only.some(word => file.includes(word))),
    )
    .map(file => join(root, 'dist', file.replace(/ts$/, 'js')))
}

const parts = [
  { files: filesOf(name === 'default' ? computing : []), atOnce: availableParallelism() },
  { files: filesOf(suites[name]), atOnce: 1 },
].filter(({ files }) => files.length > 0)
if (parts.length === 0) {
  console.error(`no test file of suite '${name}' contains ${only.join(' or ')}`)
  process.exit(2)
}
for (const { files, atOnce } of parts) {
  const flags = ['--enable-source-maps', '--test', `--test-concurrency=${atOnce}`, '--test-reporter=spec']
  const { status } = spawnSync(process.execPath, [...flags, ...files], { stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}
