import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readJson, run, temporaryFolder } from '../rig.ts'
import { trainInProcess } from './twin.ts'

const small = ['--total-steps', '1024', '--update-epochs', '4', '--batch-size', '128']

interface RunFile {
  status: string
  paramsHash: string
  allreduce: string
  np: number
  config: { seed: number }
}

test('parameters are the same bits at any np, between processes and in one', async t => {
  const folder = temporaryFolder(t)
  const hashes = new Map<string, string>()
  for (const np of [1, 2, 3, 8]) {
    const out = join(folder, `np${np}`)
    const { status, stderr } = await run(['-np', String(np), '--out', out, 'train', ...small])
    assert.equal(status, 0, stderr)
    const { paramsHash, ...file } = readJson<RunFile>(out, 'run.json')
    assert.equal(file.np, np)
    assert.equal(file.status, 'completed')
    hashes.set(`np ${np}`, paramsHash)
  }
  for (const np of [1, 2, 5]) hashes.set(`twin ${np}`, (await trainInProcess(np, small)).paramsHash)
  assert.equal(new Set(hashes.values()).size, 1, JSON.stringify([...hashes], null, 1))
})

test('parameters are the same bits by every algorithm, and run.json says which it was', async t => {
  const folder = temporaryFolder(t)
  const hashes = new Map<string, string>()
  for (const name of ['ring', 'direct', 'star']) {
    const out = join(folder, name)
    const { status, stderr } = await run(['-np', '3', '--allreduce', name, '--out', out, 'train', ...small])
    assert.equal(status, 0, stderr)
    const { paramsHash, allreduce } = readJson<RunFile>(out, 'run.json')
    assert.equal(allreduce, name)
    hashes.set(name, paramsHash)
  }
  hashes.set('auto, in one process', (await trainInProcess(3, small)).paramsHash)
  assert.equal(new Set(hashes.values()).size, 1, JSON.stringify([...hashes], null, 1))
})

test('two runs of one command agree in everything but times; another seed differs', async t => {
  const folder = temporaryFolder(t)
  const results = []
  for (const name of ['a', 'b']) {
    const out = join(folder, name)
    const { status } = await run(['-np', '2', '--out', out, 'train', ...small, '--seed', '7'])
    assert.equal(status, 0)
    results.push({ hash: readJson<RunFile>(out, 'run.json').paramsHash, metrics: metricsWithoutTimes(out) })
  }
  const [a, b] = results
  assert.deepEqual(a, b)
  assert.notEqual(a.hash, (await trainInProcess(2, [...small, '--seed', '8'])).paramsHash)
})

test('advantages normalised over the batch or not at all, and a KL stop, keep the bits too', async () => {
  const variants = [
    ['--normalize-advantages', 'batch'],
    ['--normalize-advantages', 'none'],
    ['--target-kl', '0.001'],
  ]
  for (const variant of variants) {
    const hashes = []
    for (const np of [1, 2, 3]) hashes.push((await trainInProcess(np, [...small, ...variant])).paramsHash)
    assert.equal(new Set(hashes).size, 1, variant.join(' '))
  }
})

function metricsWithoutTimes(out: string): object[] {
  const lines = readFileSync(join(out, 'metrics.jsonl'), 'utf8').trim().split('\n')
  return lines.map(line => {
    const entries = Object.entries(JSON.parse(line) as Record<string, unknown>)
    return Object.fromEntries(entries.filter(([name]) => !/^time\/|^seconds$|SPS$/.test(name)))
  })
}
