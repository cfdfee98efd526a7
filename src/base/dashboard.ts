import { type Paint, painted } from './ansi.ts'
import { duration, percent, thousands } from './format.ts'
import type { RankTimes } from './progress.ts'

/** How far a run is, as its rank 0 tells. */
export interface RunState {
  steps: number
  totalSteps: number
  sps: number
  /** Mean of the last 100 episodes; null: none has ended. */
  return: number | null
  /** Seconds of the newest update; `allreduce` is part of the other two. */
  sample: number
  learn: number
  allreduce: number
}

/** The state as one line, for logs. */
export function progressLine(state: RunState): string {
  const { steps, totalSteps, sps } = state
  const share = totalSteps > 0 ? steps / totalSteps : 0
  return [
    `${percent(share).padStart(5)} ${bar(share, 12)}`,
    `${thousands(steps)}/${thousands(totalSteps)} steps`,
    `${thousands(sps)} SPS`,
    `return ${figure(state.return)}`,
    `ETA ${timeLeft(state)}`,
    `allreduce ${percent(communication(state))}`,
  ].join('  ')
}

/** What a person sees while a job runs: the run's state, and a row per rank. */
export class Dashboard {
  readonly #paint: Paint
  #state: RunState | null = null
  readonly #returns: number[] = []
  #ranks: RankTimes[] = []
  /** Of each rank's time lately, by rank, 0 to 1. */
  readonly #waits: number[] = []

  constructor(paint: Paint = painted) {
    this.#paint = paint
  }

  update(state: RunState): void {
    this.#state = state
    if (state.return === null) return
    this.#returns.push(state.return)
    // Half as many points, evenly: the whole history stays in sight.
    if (this.#returns.length > 512)
      this.#returns.splice(0, 512, ...this.#returns.filter((_, i) => i % 2 === 0))
  }

  /** Totals so far; the share of waiting is taken from what has come since the last ones. */
  times(ranks: readonly RankTimes[]): void {
    for (const now of ranks) {
      const before = this.#ranks.find(({ rank }) => rank === now.rank)
      const wait = now.wait - (before?.wait ?? 0)
      const all = wait + now.sample + now.learn - (before ? before.sample + before.learn : 0)
      if (all <= 0) continue
      const share = wait / all
      const smooth = this.#waits[now.rank]
      this.#waits[now.rank] = smooth === undefined ? share : 0.6 * smooth + 0.4 * share
    }
    this.#ranks = [...ranks]
  }

  /** The state as one line; nothing while there is none. */
  line(): string {
    return this.#state ? progressLine(this.#state) : ''
  }

  /** At most `rows` lines; each fits `columns` where that is 40 or more. None while nothing is known. */
  lines(columns: number, rows: number): string[] {
    const state = this.#state
    if (!state) return []
    const lines = [
      this.#progress(state, columns),
      this.#numbers(state, columns),
      this.#phases(state, columns),
    ]
    const space = rows - lines.length - 1
    return (this.#ranks.length > 1 && space > 0 ? [...lines, ...this.#rows(columns, space)] : lines).slice(
      0,
      rows,
    )
  }

  #progress(state: RunState, columns: number): string {
    const { steps, totalSteps } = state
    const share = totalSteps > 0 ? Math.min(1, steps / totalSteps) : 0
    const text =
      columns < 60
        ? `ETA ${timeLeft(state)}`
        : `${thousands(steps)} of ${thousands(totalSteps)} steps   ETA ${timeLeft(state)}`
    const width = Math.max(5, Math.min(40, columns - text.length - 12))
    return `${percent(share).padStart(6)} ${this.#paint('cyan', bar(share, width))}  ${text}`
  }

  #numbers({ sps, return: mean }: RunState, columns: number): string {
    const speed = `${thousands(sps)} steps/s`
    const value = figure(mean)
    const width = Math.max(8, Math.min(40, columns - speed.length - value.length - 18))
    return ` return ${this.#paint('bold', value)} ${this.#paint('green', spark(this.#returns, width))}  ${speed}`
  }

  #phases(state: RunState, columns: number): string {
    const wait = communication(state)
    const all = state.sample + state.learn || 1
    const learn = Math.max(0, state.learn - state.allreduce) / all
    const sample = Math.max(0, 1 - wait - learn)
    const parts: [string, number][] =
      columns < 80
        ? [
            ['sample', sample],
            ['learn', learn],
            ['comm', wait],
          ]
        : [
            ['sampling', sample],
            ['learning', learn],
            ['communication and waiting', wait],
          ]
    const text = parts.map(([name, share]) => `${name} ${percent(share)}`).join('  ')
    return columns < 80 ? ` ${text}` : ` ${this.#paint('dim', 'time')}   ${text}`
  }

  /** A header and a row per rank; where there are too many, those that wait least. */
  #rows(columns: number, space: number): string[] {
    const late = this.#late()
    const byWait = this.#ranks.toSorted((a, b) => this.#wait(a) - this.#wait(b))
    const shown = new Set(this.#ranks.length <= space ? byWait : byWait.slice(0, Math.max(1, space - 1)))
    const hostWidth = Math.max(4, ...this.#ranks.map(({ host }) => host.length))
    const deviceWidth = Math.max(6, ...this.#ranks.map(({ device }) => (device ?? '-').length))
    const withHost = columns >= 40 + hostWidth
    const withDevice = columns >= 46 + hostWidth + deviceWidth
    const row = (rank: string, host: string, device: string, rest: string) =>
      ` ${rank.padStart(5)}  ${withHost ? `${host.padEnd(hostWidth)}  ` : ''}${withDevice ? `${device.padEnd(deviceWidth)}  ` : ''}${rest}`
    const lines = this.#ranks
      .filter(rank => shown.has(rank))
      .map(rank => {
        const wait = this.#wait(rank)
        const text = row(
          String(rank.rank),
          rank.host,
          rank.device ?? '-',
          `${bar(wait, 10)} ${percent(wait).padStart(5)}`,
        )
        const remark = ['◀ the others wait for this one', '◀ late', ''].find(
          remark => text.length + remark.length + 2 <= columns,
        )
        return rank.rank === late ? this.#paint('yellow', `${text}  ${remark ?? ''}`) : text
      })
    const more = this.#ranks.length - shown.size
    return [
      this.#paint('dim', row('rank', 'host', 'device', 'waits')),
      ...lines,
      ...(more > 0 ? [this.#paint('dim', ` and ${more} that wait more`)] : []),
    ]
  }

  /** The rank that waits clearly less than all others; null if none does. */
  #late(): number | null {
    const [least, next] = this.#ranks.toSorted((a, b) => this.#wait(a) - this.#wait(b))
    return next && this.#wait(next) - this.#wait(least) > 0.15 ? least.rank : null
  }

  #wait({ rank }: RankTimes): number {
    return this.#waits[rank] ?? 0
  }
}

const figure = (value: number | null): string => (value === null ? '-' : value.toFixed(1))

const timeLeft = ({ steps, totalSteps, sps }: RunState): string =>
  duration(sps > 0 ? Math.max(0, totalSteps - steps) / sps : 0)

function communication({ sample, learn, allreduce }: RunState): number {
  return sample + learn > 0 ? Math.min(1, allreduce / (sample + learn)) : 0
}

function bar(share: number, width: number): string {
  const full = Math.round(width * Math.min(1, share))
  return '█'.repeat(full) + '░'.repeat(width - full)
}

/** Numbers as a row of bars, `width` at most; each bar is the mean of its part of them. */
export function spark(values: readonly number[], width: number): string {
  const n = Math.min(width, values.length)
  const part = (i: number) =>
    values.slice(Math.floor((i * values.length) / n), Math.floor(((i + 1) * values.length) / n))
  const means = Array.from(
    { length: n },
    (_, i) => part(i).reduce((sum, value) => sum + value, 0) / part(i).length,
  )
  const [low, high] = [Math.min(...means), Math.max(...means)]
  return means
    .map(value => '▁▂▃▄▅▆▇█'[high > low ? Math.round((7 * (value - low)) / (high - low)) : 3])
    .join('')
}
