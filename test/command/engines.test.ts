/** Engines that are not there: one line each, with the mend; on all ranks alike. */
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { BINDING, libtensorflowFolder } from '../../src/base/libtensorflow.ts'
import { readJson, run, temporaryFolder } from '../rig.ts'

/** A cache in which `make` has put something where the engine is looked for. */
function cacheWith(t: TestContext, make: (binding: string, folder: string) => void): NodeJS.ProcessEnv {
  const cache = temporaryFolder(t)
  const folder = join(cache, 'pporun', basename(libtensorflowFolder('tfjs-node')))
  const own = join(folder, 'node_modules', '@tensorflow', 'tfjs-node')
  mkdirSync(join(own, dirname(BINDING)), { recursive: true })
  writeFileSync(join(own, 'package.json'), '{ "name": "@tensorflow/tfjs-node" }')
  make(join(own, BINDING), folder)
  return { XDG_CACHE_HOME: cache }
}

const mend = 'npx pporun doctor --install tfjs-node \\(downloads 310 MB\\)'
const absent = new RegExp(`^pporun: (rank 0: )?--engine tfjs-node: not installed; ${mend}\\n$`)
const broken = new RegExp(
  `^pporun: --engine tfjs-node: does not load: [^\\n]+; remove [^\\n]+, then ${mend}\\n$`,
)

for (const [name, make, said] of [
  ['no package', null, absent],
  ['no binding', () => {}, absent],
  ['a link that leads nowhere', (binding: string) => symlinkSync('/nowhere', binding), absent],
  ['a binding that is none', (binding: string) => writeFileSync(binding, 'nothing'), broken],
] as const)
  test(`--engine tfjs-node with ${name}`, async t => {
    const env = make ? cacheWith(t, make) : { XDG_CACHE_HOME: temporaryFolder(t) }
    const { status, stderr } = await run(['-np', '1', '--out', 'run', 'train', '--engine', 'tfjs-node'], {
      ...{ env, cwd: temporaryFolder(t) },
    })
    assert.match(stderr, said)
    assert.equal(status, 2)
  })

test('two ranks without it say so once, and make no folder of their own', async t => {
  const cwd = temporaryFolder(t)
  const env = { XDG_CACHE_HOME: temporaryFolder(t) }
  const words = ['-np', '2', 'train', '--engine', 'tfjs-node']
  const { status, stderr } = await run(words, { env, cwd })
  assert.match(stderr, absent)
  assert.equal(status, 2)
  assert.deepEqual(readdirSync(cwd), [])
})

test('doctor --install takes engines alone', async () => {
  const { status, stderr } = await run(['doctor', '--install', 'tensorflow'])
  assert.equal(stderr, "pporun: --install takes tfjs-node-gpu or tfjs-node; got 'tensorflow'\n")
  assert.equal(status, 2)
})

test('auto says in one line what it took and what is missing, and run.json keeps it', async t => {
  const cwd = temporaryFolder(t)
  const env = { XDG_CACHE_HOME: cwd }
  const few = ['--num-envs', '4', '--num-steps', '8', '--batch-size', '32', '--update-epochs', '1']
  const words = ['--env', 'Catch-v0', '--total-steps', '32', ...few]
  const { status, stderr } = await run(['-np', '2', '--out', 'run', 'train', ...words], { cwd, env })
  assert.equal(status, 0, stderr)
  const said =
    /^pporun: engine (tfjs-wasm on \w+ CPU: the fastest here for convolutions; missing for a faster one: .*)$/m
  const [, choice] = said.exec(stderr) ?? []
  assert.match(
    choice,
    /tfjs-node-gpu: not installed; npx pporun doctor --install tfjs-node-gpu .*; tfjs-node: not/,
  )
  assert.equal(readJson<{ engineChoice: string }>(cwd, 'run', 'run.json').engineChoice, choice)
})

test('--require-gpu refuses a rank that does not compute on one', async t => {
  const cwd = temporaryFolder(t)
  writeFileSync(
    join(cwd, 'nvidia-smi'),
    `#!/bin/sh\n${[0, 1].map(i => `echo "GPU ${i}: Pretended (UUID: GPU-${i})"`).join('\n')}\n`,
    {
      mode: 0o755,
    },
  )
  const env = { PATH: `${cwd}:${process.env.PATH}`, XDG_CACHE_HOME: cwd }
  const start = (out: string) => ['--require-gpu', '-np', '2', '--out', out, 'train']
  const named = await run([...start('named'), '--engine', 'tfjs-wasm'], { cwd, env })
  assert.equal(named.status, 2)
  assert.match(
    named.stderr,
    /^pporun: --require-gpu: rank 0 computes on \w+ CPU with --engine tfjs-wasm; .*\n$/,
  )
  const auto = await run(start('auto'), { cwd, env })
  assert.equal(auto.status, 2)
  assert.match(
    auto.stderr,
    /^pporun: rank 0: --engine auto: nothing here computes this network: tfjs-node-gpu: .*\n$/,
  )
})
