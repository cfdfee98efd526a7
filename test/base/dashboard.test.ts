import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { clip, painted, plain, widthOf } from '../../src/base/ansi.ts'
import { Dashboard, progressLine, type RunState, spark } from '../../src/base/dashboard.ts'
import type { RankTimes } from '../../src/base/progress.ts'

const state: RunState = {
  steps: 25_600,
  totalSteps: 102_400,
  sps: 1000,
  return: 123.456,
  sample: 1,
  learn: 3,
  allreduce: 1,
}

const rank = (rank: number, wait: number): RankTimes => ({
  rank,
  host: 'node',
  device: 'x64 CPU',
  sample: 1,
  learn: 2,
  wait,
})

function dashboard(ranks: RankTimes[], paint = plain): Dashboard {
  const it = new Dashboard(paint)
  it.update(state)
  it.times(ranks)
  return it
}

test('the line says how far, how fast, how well, how long, and what communication costs', () => {
  const expected =
    '25 % ███░░░░░░░░░  25 600/102 400 steps  1 000 SPS  return 123.5  ETA 1 min 17 s  allreduce 25 %'
  assert.equal(progressLine(state).trimStart(), expected)
  assert.match(progressLine({ ...state, steps: 102_400 }), /^100 % █{12} .* ETA 0 s /)
})

test('what is not known yet does not become NaN', () => {
  const nothing: RunState = {
    steps: 0,
    totalSteps: 0,
    sps: 0,
    return: null,
    sample: 0,
    learn: 0,
    allreduce: 0,
  }
  const it = new Dashboard(plain)
  assert.deepEqual(it.lines(80, 24), [])
  it.update(nothing)
  it.times([rank(0, 0), { ...rank(1, 0), sample: 0, learn: 0 }])
  for (const text of [progressLine(nothing), ...it.lines(80, 24)])
    assert.doesNotMatch(text, /NaN|Infinity|null|undefined/)
})

test('three lines for a rank alone; a row for each of several', () => {
  assert.equal(dashboard([rank(0, 1)]).lines(80, 24).length, 3)
  const lines = dashboard([rank(0, 1), rank(1, 1)]).lines(80, 24)
  assert.deepEqual(lines.slice(0, 5), [
    '  25 % ███████░░░░░░░░░░░░░░░░░░░░░  25 600 of 102 400 steps   ETA 1 min 17 s',
    ' return 123.5 ▄  1 000 steps/s',
    ' time   sampling 25 %  learning 50 %  communication and waiting 25 %',
    '  rank  host  device   waits',
    '     0  node  x64 CPU  ███░░░░░░░  25 %',
  ])
})

test('who waits clearly less than the others is who they wait for', () => {
  const late = (ranks: RankTimes[]) =>
    dashboard(ranks)
      .lines(100, 24)
      .filter(line => line.includes('◀'))
  assert.deepEqual(
    late([rank(0, 3), rank(1, 0.1), rank(2, 3)]).map(line => line.trim()[0]),
    ['1'],
  )
  assert.deepEqual(late([rank(0, 3), rank(1, 2.9), rank(2, 3)]), [])
})

test('the share of waiting follows what happens now', () => {
  const it = dashboard([rank(0, 0), rank(1, 0)])
  for (let second = 1; second < 20; second++)
    it.times([{ ...rank(0, second), sample: 1, learn: 2 }, rank(1, 0)])
  assert.match(it.lines(80, 24)[4], /100 %$/)
})

test('every line fits, in any window from 40 columns on, and there are no more than rows', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 40, max: 200 }),
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 64 }),
      (columns, rows, np) => {
        const it = dashboard(
          Array.from({ length: np }, (_, i) => rank(i, i)),
          painted,
        )
        for (let i = 0; i < 100; i++) it.update({ ...state, return: i })
        const lines = it.lines(columns, rows)
        assert.ok(lines.length <= rows, `${lines.length} lines in ${rows} rows`)
        for (const line of lines)
          assert.ok(widthOf(line) <= columns, `${widthOf(line)} in ${columns}: ${line}`)
      },
    ),
  )
})

test('of too many ranks those are shown that wait least', () => {
  const ranks = Array.from({ length: 64 }, (_, i) => rank(i, i === 40 ? 0 : 1 + i))
  const lines = dashboard(ranks).lines(80, 12)
  assert.equal(lines.length, 12)
  assert.ok(lines.some(line => /^ +40 .*◀/.test(line)))
  assert.match(lines.at(-1)!, /and 57 that wait more/)
})

test('a sparkline goes from the least to the greatest', () => {
  assert.equal(spark([1, 2, 3, 4, 5, 6, 7, 8], 8), '▁▂▃▄▅▆▇█')
  assert.equal(spark([5, 5, 5], 8), '▄▄▄')
  assert.equal(spark([0, 0, 9, 9], 2), '▁█')
  assert.equal(spark([], 8), '')
})

test('a clipped line keeps its colours’ ends', () => {
  const line = `ab${painted('red', 'cdef')}gh`
  assert.equal(clip(line, 8), line)
  const cut = clip(line, 5)
  assert.equal(widthOf(cut), 5)
  assert.ok(cut.endsWith('\x1b[0m…'))
})
