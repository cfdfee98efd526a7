import { escaped } from './escape.ts'
import { type Frame, placement } from './frame.ts'
import { COLORS, plotCss, themeCss } from './palette.ts'
import { thin } from './thin.ts'
import { type Scale, short, ticksOf } from './ticks.ts'

/**
 * Line plots as SVG text: the one module behind every picture of the project, in pages (colours come from the page's
 * style) and in files for READMEs (`standaloneSvg`: colours of their own, light and dark).
 *
 *   writeFileSync('curve.svg', standaloneSvg({
 *     title: 'CartPole-v1',
 *     x: { label: 'steps' },
 *     y: { label: 'episodic return', from: 0 },
 *     series: [{ name: 'np 2', x: steps, y: mean, low: min, high: max }],
 *   }))
 */
export interface Plot {
  title: string
  x: Axis
  y: Axis
  series: readonly Series[]
  /** Units of the drawing, 420 x 240 by default; it scales to the place that it is given. */
  width?: number
  height?: number
  /** A legend is drawn where there is more than one name, unless this is false. */
  legend?: boolean
}

export interface Axis {
  label: string
  /** Default linear. On a log axis numbers of 0 and below are left out. */
  scale?: Scale
  /** The axis reaches at least this far; by default it follows the data. */
  from?: number
  to?: number
  /** Where its marks are; default: round numbers. */
  ticks?: readonly number[]
}

export interface Series {
  name: string
  /** [n], rising. */
  x: readonly number[]
  /** [n]; null: a gap. */
  y: readonly (number | null)[]
  /** [n] each, both or none: shaded between them, such as the spread over seeds. */
  low?: readonly (number | null)[]
  high?: readonly (number | null)[]
  /** How y is drawn (line). area: filled from `low` up to y, a layer of a stack. */
  mark?: 'line' | 'dashed' | 'points' | 'area'
  /** Number of its colour; default: its place among the series. */
  color?: number
}

/** An `<svg>` element for a page that defines the colours (style.ts). */
export function plotSvg(plot: Plot): string {
  const frame = placement(plot)
  const { width, height } = frame
  return [
    `<svg class="plot" viewBox="0 0 ${width} ${height}" role="img" tabindex="0" aria-label="${escaped(describe(plot))}" ${dataset(plot, frame)}>`,
    `<text class="title" x="${frame.left}" y="17">${escaped(plot.title)}</text>`,
    grid(plot, frame),
    ...plot.series.map((series, i) => curve(series, (series.color ?? i) % COLORS, frame)),
    `<line class="axis" x1="${frame.left}" x2="${frame.right}" y1="${frame.bottom}" y2="${frame.bottom}"/>`,
    ...frame.legend.map(
      ({ name, color, x, y }) =>
        `<circle class="c${color} dot" cx="${x + 4}" cy="${y - 4}" r="4"/><text class="key" x="${x + 12}" y="${y}">${escaped(name)}</text>`,
    ),
    '</svg>',
  ].join('\n')
}

/** The same as a file of its own, for READMEs: light or dark as the reader's system is. */
export function standaloneSvg(plot: Plot): string {
  const { width, height } = placement(plot)
  const style = `<style>${themeCss('.plot')}\n${plotCss}</style><rect width="${width}" height="${height}" rx="6" fill="var(--paper)"/>`
  return `${plotSvg(plot)
    .replace(' tabindex="0"', '') // a picture in a file does not answer keys
    .replace('<svg ', `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" `)
    .replace('>', () => `>\n${style}`)}\n`
}

/** The curves in words, for who cannot see them. */
function describe({ title, y, series }: Plot): string {
  const curves = series.map(({ name, y: values }) => {
    const numbers = values.filter(value => value !== null)
    if (numbers.length === 0) return `${name}: no data`
    return `${name}: ${short(numbers[0])} at first, ${short(numbers.at(-1)!)} at last`
  })
  return `${title}${y.label && y.label !== title ? ` (${y.label})` : ''}. ${curves.join('; ')}`
}

/** What the page's script needs to turn places back into numbers. */
function dataset({ x, y }: Plot, frame: Frame): string {
  const { left, right, top, bottom, xRange, yRange } = frame
  return [
    `data-frame="${[left, top, right, bottom].join(' ')}"`,
    `data-x="${xRange.from} ${xRange.to} ${x.scale ?? 'linear'}"`,
    `data-y="${yRange.from} ${yRange.to} ${y.scale ?? 'linear'}"`,
    `data-xlabel="${escaped(x.label)}"`,
  ].join(' ')
}

function grid({ x, y }: Plot, frame: Frame): string {
  const { left, right, top, bottom, height } = frame
  const rows = frame.yTicks.map(tick => {
    const at = round(frame.y(tick))
    return `<line class="grid" x1="${left}" x2="${right}" y1="${at}" y2="${at}"/><text class="tick end" x="${left - 6}" y="${at + 4}">${short(tick)}</text>`
  })
  const most = Math.max(2, Math.floor((right - left) / 64))
  const columns = (x.ticks ?? ticksOf(frame.xRange, x.scale ?? 'linear', most)).map(
    tick => `<text class="tick middle" x="${round(frame.x(tick))}" y="${bottom + 15}">${short(tick)}</text>`,
  )
  const middle = (top + bottom) / 2
  const labels = [
    `<text class="label middle" x="${(left + right) / 2}" y="${height - 4}">${escaped(x.label)}</text>`,
    y.label &&
      `<text class="label middle" transform="rotate(-90 11 ${middle})" x="11" y="${middle}">${escaped(y.label)}</text>`,
  ]
  return [...rows, ...columns, ...labels].join('\n')
}

function curve(series: Series, color: number, frame: Frame): string {
  const { name, x, low, high, mark = 'line' } = series
  const kept = thin(series.y, Math.ceil((frame.right - frame.left) / 2))
  const place = (values: readonly (number | null)[]) =>
    kept.map((i): [number, number] | null => {
      const at = values[i] === null ? null : [round(frame.x(x[i])), round(frame.y(values[i]))]
      return at?.every(Number.isFinite) ? (at as [number, number]) : null
    })
  const line = place(series.y)
  const parts: string[] = []
  if (low && mark === 'area')
    parts.push(`<path class="c${color} area" data-name="${escaped(name)}" d="${between(line, place(low))}"/>`)
  else if (low && high) parts.push(`<path class="c${color} band" d="${between(place(high), place(low))}"/>`)
  if (mark !== 'area')
    parts.push(`<path class="c${color} line ${mark}" data-name="${escaped(name)}" d="${through(line)}"/>`)
  // A number between two gaps would not show as a line.
  const alone = line.filter((at, i) => at && (mark === 'points' || (!line[i - 1] && !line[i + 1])))
  parts.push(...alone.map(at => `<circle class="c${color} dot" cx="${at![0]}" cy="${at![1]}" r="3"/>`))
  return parts.join('')
}

/** A path through the points, broken at gaps. */
function through(points: ([number, number] | null)[]): string {
  return points.map((at, i) => (at ? `${points[i - 1] ? 'L' : 'M'}${at.join(',')}` : '')).join('')
}

/** The area between two rows of points; where either has a gap, so has the area. */
function between(upper: ([number, number] | null)[], lower: ([number, number] | null)[]): string {
  const pieces: number[][] = [[]]
  for (const i of upper.keys()) {
    if (upper[i] && lower[i]) pieces.at(-1)!.push(i)
    else if (pieces.at(-1)!.length > 0) pieces.push([])
  }
  return pieces
    .filter(piece => piece.length > 0)
    .map(
      piece =>
        `M${[...piece.map(i => upper[i]), ...piece.toReversed().map(i => lower[i])].map(at => at!.join(',')).join('L')}Z`,
    )
    .join('')
}

const round = (value: number): number => Math.round(value * 100) / 100
