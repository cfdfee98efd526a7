import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { readJson, run, script, temporaryFolder } from '../rig.ts'
import { SLOW } from './slow.ts'

interface RunFile {
  sps: number
  paramsHash: string
  cut?: number[]
}

test('one of two ranks at a quarter of the speed: with --rebalance it gets fewer shards, and the bits stay the same', async t => {
  const folder = temporaryFolder(t)
  const path = script(folder, SLOW)
  const trained = async (name: string, ...options: string[]): Promise<RunFile> => {
    const { status, stderr } = await run(['-np', '2', '--out', join(folder, name), path, ...options])
    assert.equal(status, 0, stderr)
    return readJson<RunFile>(folder, name, 'run.json')
  }
  const even = await trained('even')
  const balanced = await trained('balanced', '--rebalance')
  t.diagnostic(
    `${even.sps.toFixed(0)} steps/s even, ${balanced.sps.toFixed(0)} spread ${balanced.cut?.join(' + ')}`,
  )
  assert.equal(balanced.paramsHash, even.paramsHash)
  assert.ok(balanced.cut && balanced.cut[0] > balanced.cut[1])
})
