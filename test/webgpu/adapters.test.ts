/** Several adapters on one host: ranks get one each, by their names, or by their places among those of one name. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { ownOf } from '../../src/engine/webgpu/adapters.ts'
import { readJson, run, temporaryFolder } from '../rig.ts'
import { SWIFTSHADER, swiftShaderLibrary } from './adapter.ts'

test('ranks are spread over adapters, and begin anew behind the last', () => {
  const own = (names: string, place: number) => {
    const { name, before, equals } = ownOf(names.split(' '), place)!
    return `${name} ${before} ${equals}`
  }
  assert.deepEqual(
    [0, 1, 2, 3].map(place => own('a b a', place)),
    ['a 0 2', 'b 0 1', 'a 1 2', 'a 0 2'],
  )
  assert.equal(ownOf(['a'], 1), null)
  assert.equal(ownOf([], 1), null)
})

const only = existsSync(SWIFTSHADER) ? {} : { skip: 'no SwiftShader' }

/** Chromium's driver and a second one, which differs in the words that are replaced by others of their length. */
function twoDrivers(t: TestContext, word: string, other: string): NodeJS.ProcessEnv {
  const folder = temporaryFolder(t)
  const [library, manifest] = [join(folder, 'second.so'), join(folder, 'second.json')]
  const text = readFileSync(swiftShaderLibrary, 'latin1')
  assert.ok(text.includes(word))
  writeFileSync(library, text.replaceAll(word, other), 'latin1')
  const ICD = { library_path: library, api_version: '1.0.5' }
  writeFileSync(manifest, JSON.stringify({ file_format_version: '1.0.0', ICD }))
  return { VK_ICD_FILENAMES: `${SWIFTSHADER}:${manifest}` }
}

async function choiceOf(t: TestContext, env: NodeJS.ProcessEnv, np: number): Promise<string> {
  const out = join(temporaryFolder(t), 'run')
  const words = ['--engine', 'webgpu', '--total-steps', '256', '--hidden', '8', '--update-epochs', '1']
  const { status, stderr } = await run(['-np', String(np), '--out', out, 'train', ...words], { env })
  assert.equal(status, 0, stderr)
  const { engineChoice, device } = readJson<{ engineChoice: string | null; device: string }>(out, 'run.json')
  assert.ok(engineChoice === null || stderr.includes(`pporun: engine ${engineChoice}\n`), stderr)
  return engineChoice ?? device
}

test('two of different names: one for each rank, named in the table and in run.json', only, async t => {
  const env = twoDrivers(t, 'SwiftShader Device', 'SecondOfTwo Device')
  const choice = await choiceOf(t, env, 3)
  assert.match(choice, /^webgpu on secondoftwo-device-subzero [^,]*, software on \w+ CPU \(ranks 0, 2\), /)
  assert.match(choice, /, webgpu on swiftshader-device-subzero [^,]*, software on \w+ CPU \(ranks 1\)$/)
})

test('two of one name: one for each rank all the same', only, async t => {
  const env = twoDrivers(t, 'SwiftShader driver', 'AnotherMade driver')
  const choice = await choiceOf(t, env, 2)
  assert.match(choice, /\(AnotherMade driver [^)]*\), software on \w+ CPU, 1 of 2 \(ranks 0\)/)
  assert.match(choice, /\(SwiftShader driver [^)]*\), software on \w+ CPU, 2 of 2 \(ranks 1\)/)
})

test('a GPU that the launcher or the user has chosen counts for more than the place', only, async t => {
  const env = { ...twoDrivers(t, 'SwiftShader driver', 'AnotherMade driver'), CUDA_VISIBLE_DEVICES: '1' }
  assert.match(await choiceOf(t, env, 2), /^swiftshader-device-subzero \(SwiftShader driver .*, 2 of 2$/)
})
