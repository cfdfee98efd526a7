import { duration, thousands } from '../base/format.ts'
import { communicationShare } from './charts.ts'
import { type Html, html, type Part } from './html.ts'
import type { Run } from './run.ts'

/** The figures that one looks for first. */
export function factsOf(run: Run): Html {
  const { fields, history } = run
  const { engine, device, transport, allreduce, np } = fields
  return html`<dl class="facts">${[
    fact('Return', ...returnOf(run)),
    (fields.clients ?? []).map(({ env, meanReturn }, k) => fact(`Client ${k}`, figure(meanReturn), env)),
    fact('Steps', stepsOf(run), updatesOf(run)),
    fact('Speed', speedOf(run), 'steps per second'),
    fact('Time', wallTime(run), 'with start-up and evaluation'),
    fact('Ranks', String(np), (fields.hosts ?? []).join(', ')),
    fact('Engine', engine ?? '-', device ?? ''),
    fact('Sums', transport ?? '-', sumsNote(allreduce, communicationShare(run))),
    fact(
      'Episodes',
      fields.episodes === undefined ? '-' : thousands(fields.episodes),
      episodesNote(history.last('charts/episodic_length')),
    ),
  ]}</dl>`
}

function fact(name: string, value: string, note: Part): Html {
  return html`<div><dt>${name}</dt><dd>${value}${note && html`<small>${note}</small>`}</dd></div>`
}

function returnOf({ fields, history }: Run): [value: string, note: string] {
  const { evaluation } = fields
  if (evaluation)
    return [
      `${figure(evaluation.meanReturn)} ± ${figure(evaluation.stdReturn)}`,
      `${evaluation.episodes} episodes of evaluation`,
    ]
  return [figure(history.last('charts/episodic_return')), 'mean of the last 100 episodes']
}

/** How far a run is that goes on. */
export function progressOf({ fields, history }: Run): Html | null {
  const [total, steps, sps] = [fields.config?.totalSteps, history.last('steps'), history.last('charts/SPS')]
  if (fields.status !== 'running' || typeof total !== 'number' || !steps || !sps) return null
  const share = Math.min(1, steps / total)
  const left = `${Math.round(100 * share)} %, about ${duration(Math.max(0, total - steps) / sps)} left`
  return html`<p class="progress"><progress value="${share}" aria-label="Environment steps"></progress> ${left}</p>`
}

export function stepsOf({ fields, history }: Run): string {
  return thousands(fields.globalSteps ?? history.last('steps') ?? 0)
}

function updatesOf({ fields, history }: Run): string {
  const total = fields.config?.totalSteps
  const updates = `${thousands(fields.updates ?? history.length)} updates`
  return fields.status === 'completed' || typeof total !== 'number'
    ? updates
    : `of ${thousands(total)}; ${updates}`
}

export function speedOf({ fields, history }: Run): string {
  const sps = fields.sps ?? history.last('charts/SPS')
  return sps === null ? '-' : thousands(sps)
}

function wallTime({ fields, history }: Run): string {
  const seconds = Math.max(fields.wallSeconds ?? 0, history.last('seconds') ?? 0)
  return duration(seconds)
}

const sumsNote = (allreduce: string | undefined, share: number | null): string =>
  [allreduce, share === null ? null : `${percent(share)} of the time`].filter(Boolean).join(', ')

const episodesNote = (length: number | null): string =>
  length === null ? '' : `${figure(length)} steps each, lately`

/** One digit behind the point, as returns are read. */
export const figure = (value: number | null): string => (value === null ? '-' : value.toFixed(1))

export const percent = (share: number | null): string =>
  share === null ? '-' : `${(100 * share).toFixed(1)}\u00a0%`
