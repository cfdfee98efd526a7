import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Plot, plotSvg, standaloneSvg } from '../../src/web/svg.ts'
import { thin } from '../../src/web/thin.ts'
import { short, ticksOf } from '../../src/web/ticks.ts'
import { curvesOf } from './curves.ts'

const plot = (series: Plot['series'], more: Partial<Plot> = {}): Plot => ({
  title: 'A <plot>',
  x: { label: 'steps' },
  y: { label: '' },
  series,
  ...more,
})

const numbers = fc.array(
  fc.oneof(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.constantFrom(0, 1e6, 1e6 + 1e-9, 5e-324)),
  { minLength: 2, maxLength: 60 },
)

test('a curve lies where its numbers are', () => {
  fc.assert(
    fc.property(numbers, y => {
      const x = y.map((_, i) => 10 * i)
      const [curve] = curvesOf(plotSvg(plot([{ name: 'one', x, y }])))
      const [from, to] = curve.yRange
      assert.equal(curve.points.length, y.length)
      for (const [i, [atX, atY]] of curve.points.entries()) {
        assert.ok(Math.abs(atX - x[i]) < 0.01 * x.length, `x ${atX} for ${x[i]}`)
        assert.ok(Math.abs(atY - y[i]) < 1e-3 * (to - from), `y ${atY} for ${y[i]}`)
      }
    }),
  )
})

test('on a log axis equal factors are equal distances, and there is no zero', () => {
  const x = [1, 2, 4, 8]
  const svg = plotSvg(
    plot([{ name: 'one', x, y: [0, 10, 100, 1000], mark: 'points' }], {
      x: { label: 'ranks', scale: 'log', ticks: x },
      y: { label: 'steps/s', scale: 'log' },
    }),
  )
  const places = [...svg.matchAll(/<circle [^>]*cx="([\d.]+)" cy="([\d.]+)" r="3"/g)].map(([, cx, cy]) => [
    +cx,
    +cy,
  ])
  assert.equal(places.length, 3)
  const [a, b, c] = places
  assert.ok(Math.abs(b[0] - a[0] - (c[0] - b[0])) < 0.03 && Math.abs(b[1] - a[1] - (c[1] - b[1])) < 0.03)
})

test('gaps stay gaps, and a number between two of them is a dot', () => {
  const x = [0, 1, 2, 3, 4, 5]
  const svg = plotSvg(plot([{ name: 'one', x, y: [1, 2, null, 3, null, 4] }]))
  assert.equal(svg.match(/M[\d.,]+L/g)?.length, 1)
  assert.equal(svg.match(/<circle/g)?.length, 2)
})

test('nothing to draw is a plot without NaN, and names are escaped', () => {
  for (const y of [[], [null, null], [5, 5]]) {
    const svg = standaloneSvg(plot([{ name: '"><script>', x: y.map((_, i) => i), y }]))
    assert.doesNotMatch(svg, /NaN|Infinity|undefined|<script/)
  }
})

test('thinning keeps the first, the last, and every peak', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.integer()), { minLength: 200, maxLength: 3000 }), y => {
      const kept = thin(y, 40)
      assert.ok(kept.length <= 160 && kept[0] === 0 && kept.at(-1) === y.length - 1)
      assert.deepEqual(
        [...new Set(kept)].sort((a, b) => a - b),
        kept,
      )
      const extremes = (values: (number | null)[]) => {
        const known = values.filter(value => value !== null)
        return [Math.min(...known), Math.max(...known)]
      }
      assert.deepEqual(extremes(kept.map(i => y[i])), extremes(y))
    }),
  )
})

test('marks of an axis are round and few; numbers are short', () => {
  assert.deepEqual(ticksOf({ from: 0, to: 500 }, 'linear', 5), [0, 100, 200, 300, 400, 500])
  assert.deepEqual(ticksOf({ from: -0.03, to: 0.31 }, 'linear', 5), [0, 0.1, 0.2, 0.3])
  assert.deepEqual(ticksOf({ from: 3, to: 4000 }, 'log', 5), [10, 100, 1000])
  const expected: [value: number, text: string][] = [
    [0, '0'],
    [100_000, '100k'],
    [2.5e-4, '2.5e-4'],
    [1e-5, '1e-5'],
    [-1234.56, '-1235'],
    [3_500_000, '3.5M'],
    [0.1 + 0.2, '0.3'],
  ]
  for (const [value, text] of expected) assert.equal(short(value), text)
})
