/** Ways of having no adapter: one line each, with the mend, on all ranks alike. */
import assert from 'node:assert/strict'
import { cpSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { checkout } from '../data.ts'
import { Running, run, temporaryFolder } from '../rig.ts'

const installed = existsSync(join(checkout, 'node_modules', 'webgpu'))
const only = installed ? {} : { skip: 'webgpu is not installed' }

async function refusal(t: TestContext, np: number, env: NodeJS.ProcessEnv): Promise<string> {
  const words = ['-np', String(np), '--out', 'run', 'train', '--engine', 'webgpu']
  const { status, stderr } = await run(words, { env, cwd: temporaryFolder(t) })
  assert.equal(status, 2, stderr)
  return stderr
}

for (const np of [1, 2])
  test(`no driver, np ${np}`, only, async t => {
    const said = await refusal(t, np, { VK_ICD_FILENAMES: '/nowhere' })
    assert.match(said, /^pporun: (rank 0: )?--engine webgpu: no Vulkan driver; install libvulkan1 [^\n]*\n$/)
  })

test('a driver that is none', only, async t => {
  const manifest = join(temporaryFolder(t), 'none.json')
  const ICD = { library_path: '/nowhere.so', api_version: '1.0.5' }
  writeFileSync(manifest, JSON.stringify({ file_format_version: '1.0.0', ICD }))
  const said = await refusal(t, 1, { VK_ICD_FILENAMES: manifest })
  // Dawn has its own say before.
  assert.match(said, /^pporun: --engine webgpu: Vulkan has no adapter that Dawn can use; install [^\n]*\n$/m)
})

test('no package', async t => {
  // This installation, beside node_modules without it.
  const folder = temporaryFolder(t)
  mkdirSync(join(folder, 'node_modules'))
  for (const name of ['dist', 'launcher', 'scripts', 'src', 'package.json'])
    cpSync(join(checkout, name), join(folder, name), { recursive: true })
  for (const name of readdirSync(join(checkout, 'node_modules')))
    if (name !== 'webgpu' && !name.startsWith('.'))
      symlinkSync(join(checkout, 'node_modules', name), join(folder, 'node_modules', name))
  const words = ['-np', '1', '--out', 'run', 'train', '--engine', 'webgpu']
  const bin = join(folder, 'launcher', 'pporun.mjs')
  const { status, stderr } = await new Running(process.execPath, [bin, ...words], { cwd: folder }).ended
  assert.equal(stderr, 'pporun: --engine webgpu: webgpu is not installed; npm install webgpu@0.6.2\n')
  assert.equal(status, 2)
})
