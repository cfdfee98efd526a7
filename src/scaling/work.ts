import { median } from '../base/math/median.ts'

/** What a rank has to do, and in what company. */
export interface Load {
  /** Environments of the rank, and rows of a minibatch that it computes. */
  envs: number
  rows: number
  /** Ranks of one machine that compute at once: its cores share what makes each of them fast. */
  busy: number
}

/** What a rank does between collectives, in milliseconds: every time that was measured, so that stragglers are as they were. */
export interface Work extends Load {
  /** Sampling of an update, computing of a minibatch, and the rest of an update. */
  sample: readonly number[]
  learn: readonly number[]
  rest: readonly number[]
}

/** An event of timeline.json (Chrome's trace format): microseconds, from the moment that its event `start` names. */
export interface TraceEvent {
  name: string
  cat?: string
  ph: string
  ts?: number
  dur?: number
  args?: { op?: string; unix?: number }
}

type Span = TraceEvent & { ts: number; dur: number }

/** Updates at the beginning whose code is still being compiled. */
const WARM_UP = 3

/**
 * What lies between the collectives of runs of one rank, whose own collectives take next to nothing; of runs at the same
 * time what lies where all of them were at work.
 */
export function workOf(timelines: readonly TraceEvent[][], load: Load): Work {
  const runs = timelines.map(spansOf)
  const phases = runs.map(spans => spans.filter(({ cat }) => cat === 'phase'))
  const steady = phases.map(spans => spans.filter(({ name }) => name === 'sample')[WARM_UP]?.ts ?? Infinity)
  const begin = Math.max(...steady)
  const end = Math.min(...phases.map(spans => Math.max(...spans.map(({ ts, dur }) => ts + dur))))
  const work = { sample: [] as number[], learn: [] as number[], rest: [] as number[] }
  for (const [run, spans] of runs.entries()) {
    const together = phases[run].filter(({ ts, dur }) => ts >= begin && ts + dur <= end)
    addParts(spans, together, work)
  }
  return { ...load, ...work }
}

/** Those with a duration, by their beginning, in microseconds since 1970. */
function spansOf(events: readonly TraceEvent[]): Span[] {
  const start = 1000 * (events.find(({ name, ph }) => ph === 'M' && name === 'start')?.args?.unix ?? 0)
  return events
    .filter((event): event is Span => event.ph === 'X')
    .map(span => ({ ...span, ts: start + span.ts }))
    .sort((a, b) => a.ts - b.ts)
}

function addParts(
  spans: readonly Span[],
  phases: readonly Span[],
  work: Record<'sample' | 'learn' | 'rest', number[]>,
): void {
  const calls = spans.filter(({ cat }) => cat === 'call')
  for (const span of phases) {
    const inside = calls.filter(({ ts, dur }) => ts >= span.ts && ts + dur <= span.ts + span.dur)
    if (span.name === 'sample') {
      const waited = inside.reduce((sum, { dur }) => sum + dur, 0)
      work.sample.push((span.dur - waited) / 1000)
    } else if (span.name === 'learn') {
      let since = span.ts
      for (const { ts, dur, args } of inside) {
        if (args?.op === 'sum') work.learn.push((ts - since) / 1000)
        since = ts + dur
      }
      work.rest.push((span.ts + span.dur - since) / 1000)
    }
  }
}

/** What was measured of the same load several times, as if it had been once. */
export function gathered(measured: readonly Work[]): Work[] {
  const key = ({ envs, rows, busy }: Load) => `${envs} ${rows} ${busy}`
  return [...new Set(measured.map(key))].map(load => {
    const alike = measured.filter(work => key(work) === load)
    const all = (part: 'sample' | 'learn' | 'rest') => alike.flatMap(work => work[part])
    return { ...alike[0], sample: all('sample'), learn: all('learn'), rest: all('rest') }
  })
}

/**
 * Work of any size: a straight line through what was measured in company as large as can be had, spread as the nearest was: what
 * interrupts a rank lasts as long in a larger piece of work, and is cut with a smaller one.
 */
export function workAt(measured: readonly Work[], { envs, rows, busy }: Load): Work {
  const company = measured.map(work => work.busy)
  const least = Math.min(...company)
  const most = Math.max(...company.filter(count => count <= Math.max(busy, least)))
  const alike = measured.filter(work => work.busy === most)
  const exact = alike.find(work => work.envs === envs && work.rows === rows)
  if (exact) return exact
  const nearest = alike.reduce((best, work) =>
    Math.abs(work.rows - rows) < Math.abs(best.rows - rows) ? work : best,
  )
  const scaled = (part: 'sample' | 'learn', size: 'envs' | 'rows', wanted: number) => {
    const points = alike.map(work => ({ x: work[size], y: median(work[part]) }))
    const [middle, target] = [median(nearest[part]), lineAt(points, wanted)]
    return nearest[part].map(time => (target > middle ? time + target - middle : (time * target) / middle))
  }
  return {
    ...{ envs, rows, busy: most, rest: nearest.rest },
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
