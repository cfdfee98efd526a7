import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readJson, run, temporaryFolder } from '../rig.ts'

test('pporun scaling: table, JSON, pictures and a page, with one hash', async t => {
  const out = join(temporaryFolder(t), 'scaling')
  const words = ['scaling', 'train', '--np=1,2', '--repeats', '1', '--oversubscribe', '-o', out, '--json']
  const { status, stdout, stderr } = await run([...words, '--', '--total-steps', '2048'])
  assert.equal(status, 0, stderr)
  const { rows, trials, paramsHash } = JSON.parse(stdout)
  assert.deepEqual(
    rows.map(({ np }: { np: number }) => np),
    [1, 2],
  )
  assert.ok(trials.every((trial: { paramsHash: string }) => trial.paramsHash === paramsHash))
  for (const { sps, sampleMs, learnMs, updateMs } of rows)
    assert.ok(sps > 0 && sampleMs > 0 && learnMs > 0 && updateMs > 0)
  for (const name of ['speedup', 'efficiency', 'phases', 'communication', 'spread', 'learning'])
    assert.ok(existsSync(join(out, `${name}.svg`)), name)
  assert.ok(existsSync(join(out, 'report.html')) && existsSync(join(out, 'table.txt')))
  assert.equal(readJson<{ mode: string }>(out, 'scaling.json').mode, 'strong')
})

test('mistakes of pporun scaling', async () => {
  for (const [words, message] of [
    [[], /^pporun: no script: pporun scaling train --np 1,2/],
    [['train', '--np', '0'], /--np takes whole numbers of at least 1/],
    [['train', '--mode', 'stong'], /--mode takes strong or weak.*did you mean strong\?/],
    [['train', '--total-steps', '5'], /unknown option --total-steps/],
    [['train', '--link', '10GBE'], /--link takes 10GbE, .*did you mean 10GbE\?/],
    [['train', '--np', '4096'], /more ranks than the \d+ cores here; --oversubscribe/],
    [['nowhere.ts'], /nowhere.ts/],
  ] as const) {
    const { status, stdout, stderr } = await run(['scaling', ...words])
    assert.equal(status, 2, stderr)
    assert.equal(stdout, '')
    assert.match(stderr, message)
  }
})
