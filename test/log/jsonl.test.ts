import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { jsonlLogger } from '../../src/log/jsonl.ts'
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
