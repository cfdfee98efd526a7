import { packageVersion } from '../base/version.ts'
import { type Chart, chartsOf } from './charts.ts'
import { factsOf, progressOf } from './facts.ts'
import { type Group, groupRuns } from './groups.ts'
import { type Html, html, trusted } from './html.ts'
import { COLORS } from './palette.ts'
import type { Run } from './run.ts'
import { balance, comparison, configuration, environment, faults } from './sections.ts'
import { pageCss } from './style.ts'
import { plotSvg } from './svg.ts'

/** The parts of a page about some runs. All of them are made here, as text: the page's scripts only point at things. */

export interface Page {
  title: string
  /** Content-Security-Policy of a page that comes from a file; a server sends it with the page. */
  policy?: string
  body: Html
  scripts: readonly string[]
}

/** A complete HTML document that asks for nothing. */
export function document({ title, policy, body, scripts }: Page): string {
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8">${policy !== undefined && html`<meta http-equiv="Content-Security-Policy" content="${policy}">`}
<meta name="viewport" content="width=device-width,initial-scale=1"><link rel="icon" href="data:,">
<title>${title}</title><style>${trusted(pageCss)}</style></head>
<body>${body}${scripts.map(script => html`<script>${trusted(script)}</script>`)}</body></html>
`.text
}

/** Headline and figures. */
export function headline(runs: readonly Run[]): Html {
  const [first] = runs
  const env = [...new Set(runs.map(({ fields }) => String(fields.config?.env ?? 'no environment')))].join(
    ', ',
  )
  if (runs.length > 1)
    return html`<h1>${env}: ${runs.length} runs compared</h1><p class="muted">${runs.map(({ name }) => name).join(', ')}</p>`
  return html`<h1>${env} <span class="status ${first.fields.status}">${first.fields.status}</span></h1>
<p class="muted">${first.name}</p>${progressOf(first)}${factsOf(first)}`
}

/** All charts; groups of runs can be hidden where there is more than one. */
export function charts(runs: readonly Run[]): Html {
  const groups = groupRuns(runs)
  const all = chartsOf(groups)
  const extra = all.filter(({ extra }) => extra)
  return html`${groups.length > 1 && keys(groups)}${figures(all.filter(({ extra }) => !extra))}
${extra.length > 0 && html`<details><summary>${extra.length} more, by their names in metrics.jsonl</summary>${figures(extra)}</details>`}`
}

const figures = (charts: readonly Chart[]): Html =>
  html`<div class="charts">${charts.map(
    chart => html`<figure id="${chart.id}" class="${figureClass(chart)}">${drawn(chart)}</figure>`,
  )}</div>`

const figureClass = ({ wide, overGroups }: Chart): string =>
  `${wide ? 'wide' : ''}${overGroups ? ' groups' : ''}`.trim()

/** The learning curve twice: for a desk and for a phone. */
function drawn({ plot, wide, overGroups }: Chart): Html {
  const one = { ...plot, ...(overGroups && plot.series.length < 2 ? {} : { legend: !overGroups }) }
  if (!wide) return trusted(plotSvg(one))
  const roomy = plotSvg({ ...one, width: 1240, height: 330 })
  const narrow = plotSvg(one).replace('<svg class="', '<svg class="narrow ')
  return trusted(roomy.replace('<svg class="', '<svg class="roomy ') + narrow)
}

function keys(groups: Group[]): Html {
  return html`<fieldset class="keys" aria-label="Curves to show">${groups.map(
    ({ name }, i) =>
      html`<label class="c${i % COLORS}"><input type="checkbox" checked data-color="${i % COLORS}"><i></i><span>${name}</span></label>`,
  )}</fieldset>`
}

/** What stands below the charts. */
export function details(runs: readonly Run[]): Html {
  const groups = groupRuns(runs)
  const colorOf = (run: Run) => groups.findIndex(group => group.runs.includes(run)) % COLORS
  return html`${faults(runs)}${runs.length > 1 && comparison(runs, colorOf)}${balance(runs)}
<div class="${runs.length > 1 ? '' : 'two'}">${configuration(runs)}${environment(runs)}</div>`
}

export const footer = (): Html => html`<footer>pporun ${packageVersion()}</footer>`
