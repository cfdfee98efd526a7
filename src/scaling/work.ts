import { median } from '../base/math/median.ts'

/** What a rank does between collectives, in milliseconds: every time that was measured, so that stragglers are as they were. */
export interface Work {
  /** Environments of the rank, and rows of a minibatch that it computes. */
  envs: number
  rows: number
  /** Sampling of an update, computing of a minibatch, and the rest of an update. */
  sample: readonly number[]
  learn: readonly number[]
  rest: readonly number[]
}

/** An event of timeline.json (Chrome's trace format): microseconds. */
export interface TraceEvent {
  name: string
  cat?: string
  ph: string
  ts: number
  dur: number
  args?: { op?: string }
}

/** Updates at the beginning whose code is still being compiled. */
const WARM_UP = 3

/** What lies between the collectives of a run of one rank, whose own collectives take next to nothing. */
export function workOf(events: readonly TraceEvent[], envs: number, rows: number): Work {
  const spans = events.filter(({ ph }) => ph === 'X').sort((a, b) => a.ts - b.ts)
  const calls = spans.filter(({ cat }) => cat === 'call')
  const inside = (span: TraceEvent) =>
    calls.filter(({ ts, dur }) => ts >= span.ts && ts + dur <= span.ts + span.dur)
  const phases = (name: string) =>
    spans.filter(span => span.cat === 'phase' && span.name === name).slice(WARM_UP)
  const work = { sample: [] as number[], learn: [] as number[], rest: [] as number[] }
  for (const span of phases('sample')) {
    const waited = inside(span).reduce((sum, { dur }) => sum + dur, 0)
    work.sample.push((span.dur - waited) / 1000)
  }
  for (const span of phases('learn')) {
    let since = span.ts
    for (const { ts, dur, args } of inside(span)) {
      if (args?.op === 'sum') work.learn.push((ts - since) / 1000)
      since = ts + dur
    }
    work.rest.push((span.ts + span.dur - since) / 1000)
  }
  return { envs, rows, ...work }
}

/**
 * Work of any size: a straight line through what was measured, spread as the nearest was: what interrupts a rank lasts as long
 * in a larger piece of work, and is cut with a smaller one.
 */
export function workAt(measured: readonly Work[], envs: number, rows: number): Work {
  const exact = measured.find(work => work.envs === envs && work.rows === rows)
  if (exact) return exact
  const nearest = measured.reduce((best, work) =>
    Math.abs(work.rows - rows) < Math.abs(best.rows - rows) ? work : best,
  )
  const scaled = (part: 'sample' | 'learn', size: 'envs' | 'rows', wanted: number) => {
    const points = measured.map(work => ({ x: work[size], y: median(work[part]) }))
    const [middle, target] = [median(nearest[part]), lineAt(points, wanted)]
    return nearest[part].map(time => (target > middle ? time + target - middle : (time * target) / middle))
  }
  return {
    ...{ envs, rows, rest: nearest.rest },
    sample: scaled('sample', 'envs', envs),
    learn: scaled('learn', 'rows', rows),
  }
}

/** Least squares; never below the smallest of the points by more than a straight line through zero is. */
function lineAt(points: readonly { x: number; y: number }[], wanted: number): number {
  const mean = (pick: (point: { x: number; y: number }) => number) =>
    points.reduce((sum, point) => sum + pick(point), 0) / points.length
  const [x, y] = [mean(point => point.x), mean(point => point.y)]
  const spread = mean(point => (point.x - x) * (point.x - x))
  const slope = spread === 0 ? y / x : mean(point => (point.x - x) * (point.y - y)) / spread
  const least = Math.min(...points.map(point => (point.y / point.x) * wanted))
  return Math.max(y + slope * (wanted - x), least)
}

/** The expected largest of `count` draws from what was measured: the slowest of so many ranks. */
export function expectedMaximum(times: readonly number[], count: number): number {
  const sorted = times.toSorted((a, b) => a - b)
  const m = sorted.length
  const power = (share: number) => Math.exp(count * Math.log(share))
  return sorted.reduce((sum, time, i) => sum + time * (power((i + 1) / m) - (i === 0 ? 0 : power(i / m))), 0)
}
