import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { jsonlLogger, keepUpdates } from '../../src/log/jsonl.ts'
import { loggers, type Metrics, silentLogger } from '../../src/log/logger.ts'
import { temporaryFolder } from '../rig.ts'

test('each update is a line, on disk as soon as it is written', t => {
  const path = join(temporaryFolder(t), 'metrics.jsonl')
  const logger = jsonlLogger(path)
  const updates: Metrics[] = [
    { update: 1, 'charts/SPS': 10.5 },
    { update: 2, 'charts/episodic_return': null },
  ]
  for (const [i, update] of updates.entries()) {
    logger.write(update)
    const lines = readFileSync(path, 'utf8').split('\n')
    assert.equal(lines.pop(), '')
    assert.deepEqual(
      lines.map(line => JSON.parse(line) as Metrics),
      updates.slice(0, i + 1),
    )
  }
})

test('loggers hands each update to all, in order', () => {
  const seen: string[] = []
  const all = loggers({ write: () => seen.push('a') }, silentLogger, { write: () => seen.push('b') })
  all.write({ update: 1 })
  all.write({ update: 2 })
  assert.deepEqual(seen, ['a', 'b', 'a', 'b'])
})

test('a run that goes on keeps the lines up to its update, of its own file or another', t => {
  const folder = temporaryFolder(t)
  const [source, path] = [join(folder, 'source'), join(folder, 'path')]
  // More than one block; lines of every length, one of them longer than a block.
  const lines = Array.from({ length: 1500 }, (_, i) => {
    const text = 'x'.repeat(i === 700 ? 100_000 : i % 300)
    return `${JSON.stringify({ update: i + 1, text })}\n`
  })
  for (const cutOff of ['', '{"update": 1501, "te', '{"update": 3}'])
    for (const last of [0, 1, 2, 690, 700, 701, 702, 1499, 1500, 2000])
      for (const target of [path, source]) {
        writeFileSync(source, lines.join('') + cutOff)
        keepUpdates(source, target, last)
        assert.equal(readFileSync(target, 'utf8'), lines.slice(0, last).join(''), `${last} ${cutOff}`)
      }
  keepUpdates(join(folder, 'nothing'), path, 5)
})
