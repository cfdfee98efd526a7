/** Four ranks learn by every way. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../rig.ts'
import { apart, lockstep } from './tasks.ts'
import { train } from './trial.ts'

for (const { name, bar, options, alone } of [...lockstep, ...apart])
  test(`${name} to ${bar} on four ranks`, async t => {
    const folder = temporaryFolder(t)
    const { evaluation, seconds, paramsHash } = await train(options, 4, join(folder, 'run'))
    t.diagnostic(`${evaluation.meanReturn.toFixed(1)} in ${seconds.toFixed(0)} s`)
    assert.ok(evaluation.meanReturn >= bar, JSON.stringify(evaluation))
    if (alone) assert.equal(paramsHash, (await train(alone, 1, join(folder, 'alone'))).paramsHash)
  })
