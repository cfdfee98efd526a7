import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { groupRuns } from '../../src/web/groups.ts'
import { writeReport } from '../../src/web/report.ts'
import { loadRuns } from '../../src/web/run.ts'
import { temporaryFolder } from '../rig.ts'

function writeRun(folder: string, name: string, fields: object, updates: object[] = []): string {
  const path = join(folder, name)
  mkdirSync(path)
  writeFileSync(join(path, 'run.json'), JSON.stringify({ status: 'completed', np: 1, ...fields }))
  writeFileSync(join(path, 'metrics.jsonl'), updates.map(update => `${JSON.stringify(update)}\n`).join(''))
  return path
}

const config = (seed: number, gamma = 0.9) => ({ config: { env: 'CartPole-v1', seed, gamma } })

test('runs that differ in the seed alone are one group', t => {
  const folder = temporaryFolder(t)
  writeRun(folder, 'a', config(1))
  writeRun(folder, 'b', config(2))
  writeRun(folder, 'c', config(1, 0.5))
  writeRun(folder, 'd', { ...config(1, 0.5), np: 2 })
  const groups = groupRuns(loadRuns([folder]))
  assert.deepEqual(
    groups.map(({ name, runs }) => [name, runs.map(({ name }) => name)]),
    [
      ['np 1, gamma 0.9 (2 seeds)', ['a', 'b']],
      ['np 1, gamma 0.5', ['c']],
      ['np 2, gamma 0.5', ['d']],
    ],
  )
})

test('a run that has only begun, and one that failed, have a page: it says what happened and holds no markup of theirs', t => {
  const folder = temporaryFolder(t)
  const cause = {
    rank: 1,
    host: 'h',
    pid: 1,
    what: 'failed: <img src=x onerror=alert(1)>',
    exitStatus: 1,
    after: 2,
  }
  const gone = { status: 'running', launcher: { host: hostname(), pid: 1, startTime: 'never' } }
  const recoveries = [
    { at: 9, update: 7, lost: [{ rank: 2, host: 'h', what: 'was <killed>' }], np: 1, seconds: 0.44 },
    { at: 12, update: 8, lost: [], np: 2, seconds: 0.3 },
  ]
  const failed = writeRun(folder, 'failed', { status: 'failed', cause, recoveries })
  const lost = writeRun(folder, '"><script>x<b>', gone, [
    { update: 1, steps: 1, 'charts/episodic_return': null },
  ])
  const out = join(folder, 'report.html')
  writeReport([failed, lost], out)
  const page = readFileSync(out, 'utf8')
  assert.match(
    page,
    /rank 1 on h failed: &lt;img src=x onerror=alert\(1\)&gt;, 2 s after the launch; status 1/,
  )
  assert.match(page, /its launcher has gone without a word/)
  assert.match(
    page,
    /rank 2 on h was &lt;killed&gt;; 1 rank went on after update 7, 0.4 s without one, 9 s after the launch/,
  )
  assert.equal(page.match(/went on after/g)?.length, 1)
  assert.equal(page.match(/<script/g)?.length, 1)
  assert.doesNotMatch(page, /<img|NaN|>undefined|https?:\/\/(?!www\.w3\.org)/)
})

test('what is no run is refused in one line', t => {
  const folder = temporaryFolder(t)
  assert.throws(() => loadRuns([join(folder, 'none')]), /none: does not exist; name the folder of a run$/)
  assert.throws(() => loadRuns([folder]), /is no run's folder \(it holds no run.json\)$/)
  mkdirSync(join(folder, 'x'))
  writeFileSync(join(folder, 'x', 'run.json'), '{')
  assert.throws(() => loadRuns([folder]), /its run.json cannot be read$/)
})
