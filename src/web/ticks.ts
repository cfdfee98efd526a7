/** Where an axis has its marks, and how numbers read on it. */

export type Scale = 'linear' | 'log'

export interface Range {
  from: number
  to: number
}

/** Round numbers inside the range, at most `most` of them, evenly spaced (by factors on a log axis). */
export function ticksOf({ from, to }: Range, scale: Scale, most: number): number[] {
  if (!(to > from)) return [from]
  return scale === 'log' ? logTicks(from, to, most) : linearTicks(from, to, most)
}

function linearTicks(from: number, to: number, most: number): number[] {
  const step = stepOf((to - from) / most)
  const ticks: number[] = []
  // Multiples, not sums: 0.1 + 0.1 + 0.1 is not 0.3.
  for (let k = Math.ceil(from / step - 1e-9); k * step <= to + step * 1e-9; k++) ticks.push(tidy(k * step))
  return ticks
}

/** The smallest of 1, 2, 2.5, 5 times a power of ten that is not below `least`. */
function stepOf(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least))
  return power * ([1, 2, 2.5, 5].find(factor => factor * power >= least * (1 - 1e-9)) ?? 10)
}

function logTicks(from: number, to: number, most: number): number[] {
  const decades = Math.log10(to / from)
  const factors = decades < most / 3 ? [1, 2, 5] : [1]
  const every = Math.max(1, Math.ceil(decades / most))
  const ticks: number[] = []
  const first = Math.floor(Math.log10(from))
  for (let k = first; k <= Math.ceil(Math.log10(to)); k++)
    for (const factor of (k - first) % every === 0 ? factors : []) ticks.push(tidy(factor * 10 ** k))
  return ticks.filter(tick => tick >= from * (1 - 1e-9) && tick <= to * (1 + 1e-9))
}

const tidy = (value: number): number => Number(value.toPrecision(12))

/** A number as a person reads it: `12 500` is `12.5k`, `0.00025` is `2.5e-4`; four digits. */
export function short(value: number): string {
  const size = Math.abs(value)
  if (size === 0) return '0'
  if (size >= 1e9) return `${digits(value / 1e9)}G`
  if (size >= 1e6) return `${digits(value / 1e6)}M`
  if (size >= 1e4) return `${digits(value / 1e3)}k`
  return size < 1e-3 ? Number(value.toPrecision(3)).toExponential() : digits(value)
}

const digits = (value: number): string => String(Number(value.toPrecision(4)))
