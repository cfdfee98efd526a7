import { COLORS } from './palette.ts'
import type { Axis, Plot } from './svg.ts'
import { type Range, type Scale, short, ticksOf } from './ticks.ts'

/** Where things lie in a plot: the frame around the curves, the legend above it, numbers turned into places. */
export interface Frame {
  width: number
  height: number
  left: number
  right: number
  top: number
  bottom: number
  xRange: Range
  yRange: Range
  yTicks: readonly number[]
  legend: { name: string; color: number; x: number; y: number }[]
  x(value: number): number
  y(value: number): number
}

/** Width of a character of the small text, on average. */
const CHARACTER = 6.3
const ROW = 16
/** Below this a number is nothing to look at, and arithmetic loses its meaning. */
const SMALLEST = 1e-100

export function placement(plot: Plot): Frame {
  const { width = 420, height = 240, series } = plot
  const xRange = rangeOf(
    plot.x,
    series.map(({ x }) => x),
    0,
  )
  const yRange = rangeOf(
    plot.y,
    series.flatMap(({ y, low = [], high = [] }) => [y, low, high]),
    0.04,
  )
  const yTicks = plot.y.ticks ?? ticksOf(yRange, plot.y.scale ?? 'linear', Math.floor(height / 45))
  const widest = Math.max(...yTicks.map(tick => short(tick).length))
  const left = Math.ceil(12 + (plot.y.label ? 12 : 0) + widest * CHARACTER)
  const legend = legendOf(plot, left, width)
  const top = 28 + (legend.at(-1)?.y ?? 12) - 12
  const right = width - 18
  const bottom = height - 34
  return {
    ...{ width, height, left, right, top, bottom, xRange, yRange, yTicks, legend },
    x: value => left + share(value, xRange, plot.x.scale) * (right - left),
    y: value => bottom - share(value, yRange, plot.y.scale) * (bottom - top),
  }
}

/** How far along its range a number lies, 0 to 1; not finite where a log axis has no place for it. */
function share(value: number, { from, to }: Range, scale: Scale = 'linear'): number {
  if (to === from) return 0.5
  return scale === 'log' ? Math.log(value / from) / Math.log(to / from) : (value - from) / (to - from)
}

/** From the smallest to the largest number, and as far as the axis asks; `air` above and below where it is free. */
function rangeOf(axis: Axis, all: (readonly (number | null)[])[], air: number): Range {
  let low = axis.from ?? Number.POSITIVE_INFINITY
  let high = axis.to ?? Number.NEGATIVE_INFINITY
  for (const values of all)
    for (const value of values) {
      if (value === null || !Number.isFinite(value) || (axis.scale === 'log' && value <= 0)) continue
      if (value < low) low = value
      if (value > high) high = value
    }
  if (low > high) return axis.scale === 'log' ? { from: 1, to: 10 } : { from: 0, to: 1 }
  if (axis.scale === 'log') return { from: low, to: high }
  const size = Math.max(Math.abs(low), Math.abs(high))
  const constant = high - low <= Math.max(1e-9 * size, SMALLEST)
  // A constant has its own size around it.
  const space = constant ? air && (size > SMALLEST ? size : 1) / 2 : air * (high - low)
  return { from: low === axis.from ? low : low - space, to: high === axis.to ? high : high + space }
}

/** Names in rows below the title; none for a single name. */
function legendOf({ series, legend }: Plot, left: number, width: number): Frame['legend'] {
  const names = new Map(series.map(({ name, color }, i) => [name, (color ?? i) % COLORS]))
  if (legend === false || names.size < 2) return []
  let x = left
  let y = 35
  return [...names].map(([name, color]) => {
    const needs = 26 + name.length * CHARACTER
    if (x > left && x + needs > width) {
      x = left
      y += ROW
    }
    const place = { name, color, x, y }
    x += needs
    return place
  })
}
