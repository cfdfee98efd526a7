import { duration } from '../base/format.ts'
import type { RankTimes } from '../base/progress.ts'
import type { Recovery } from '../base/runfile.ts'
import { figure, percent, speedOf, stepsOf } from './facts.ts'
import { differences, text } from './groups.ts'
import { type Html, html } from './html.ts'
import type { Run } from './run.ts'

/** The sections of a page below its charts. */

/** One row per run, and which of them ended with the same parameters. */
export function comparison(runs: readonly Run[], colorOf: (run: Run) => number): Html {
  const differing = differences(runs).slice(0, 6)
  const hashes = runs.map(({ fields }) => fields.paramsHash)
  const twins = (hash: string | undefined) =>
    hash !== undefined && hashes.filter(other => other === hash).length > 1
  return html`<h2>Runs</h2><div class="scroll" tabindex="0" role="region" aria-label="Runs"><table><thead><tr>
<th>run</th><th>status</th><th class="n">ranks</th><th class="n">seed</th>${differing.map(name => html`<th>${name}</th>`)}
<th class="n">return</th><th class="n">steps</th><th class="n">steps/s</th><th>parameters</th></tr></thead><tbody>${runs.map(
    run => html`<tr><th scope="row"><i class="c${colorOf(run)}" aria-hidden="true">● </i>${run.name}</th><td>${run.fields.status}</td>
<td class="n">${run.fields.np}</td><td class="n">${run.fields.seed ?? '-'}</td>${differing.map(name => html`<td>${text(run.fields.config?.[name] ?? run.fields[name])}</td>`)}
<td class="n">${figure(run.fields.evaluation?.meanReturn ?? run.history.last('charts/episodic_return'))}</td><td class="n">${stepsOf(run)}</td><td class="n">${speedOf(run)}</td>
<td><code>${run.fields.paramsHash?.slice(0, 12) ?? '-'}</code>${twins(run.fields.paramsHash) && ' same bits'}</td></tr>`,
  )}</tbody></table></div>`
}

/** Why runs ended that did not complete, and what they have got over. */
export function faults(runs: readonly Run[]): Html | null {
  const failed = runs.filter(({ fields }) => fields.cause !== undefined || fields.status === 'lost')
  const losses = runs.flatMap(run =>
    (run.fields.recoveries ?? []).filter(({ lost }) => lost.length > 0).map(one => ({ run, one })),
  )
  if (failed.length + losses.length === 0) return null
  return html`<h2>Faults</h2>${failed.map(run => html`<p class="card alarm"><strong>${run.name}</strong>: ${whatHappened(run)}</p>`)}${losses.map(({ run, one }) => html`<p class="card"><strong>${run.name}</strong>: ${recovered(one)}</p>`)}`
}

function recovered({ at, lost, np, update, seconds }: Recovery): string {
  const who = lost.map(({ rank, host, what }) => `rank ${rank} on ${host} ${what}`).join('; ')
  const ranks = `${np} rank${np === 1 ? '' : 's'}`
  return `${who}; ${ranks} went on after update ${update}, ${seconds.toFixed(1)} s without one, ${duration(at)} after the launch`
}

function whatHappened({ fields }: Run): string {
  const { cause } = fields
  if (!cause) return 'its launcher has gone without a word (killed, or the machine went down)'
  const who = cause.rank === null ? 'the job' : `rank ${cause.rank} on ${cause.host}`
  return `${who} ${cause.what}, ${duration(cause.after)} after the launch; status ${cause.exitStatus}`
}

/** Who worked and who waited. Those who wait least are who the others wait for. */
export function balance(runs: readonly Run[]): Html | null {
  const timed = runs.filter(({ fields }) => (fields.ranks ?? []).length > 0)
  if (timed.length === 0) return null
  return html`<h2>Ranks</h2><p class="muted"><i class="c0">●</i> sampling <i class="c1">●</i> learning <i class="c2">●</i> communication and waiting. The rank that waits least is the one that the others wait for.</p>
<div class="two">${timed.map(rankTable)}</div>`
}

function rankTable({ name, fields }: Run): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Ranks of ${name}"><table><thead><tr><th class="n">rank</th><th>host</th><th>device</th><th>${name}</th><th class="n">waits</th></tr></thead><tbody>${(fields.ranks ?? []).map(rankRow)}</tbody></table></div>`
}

function rankRow({ rank, host, device, sample, learn, wait }: RankTimes): Html {
  const all = sample + learn + wait || 1
  const part = (color: number, seconds: number) =>
    html`<i class="c${color}" style="width:${((100 * seconds) / all).toFixed(1)}%"></i>`
  const words = `sampling ${percent(sample / all)}, learning ${percent(learn / all)}, waiting ${percent(wait / all)}`
  return html`<tr><td class="n">${rank}</td><td>${host}</td><td>${device ?? '-'}</td><td><span class="bar" role="img" aria-label="${words}">${[part(0, sample), part(1, learn), part(2, wait)]}</span></td><td class="n">${percent(wait / all)}</td></tr>`
}

/** Every setting, one column per run; rows that differ are bold. */
export function configuration(runs: readonly Run[]): Html {
  const names = [...new Set(runs.flatMap(({ fields }) => Object.keys(fields.config ?? {})))]
  if (names.length === 0) return html``
  const differing = new Set(differences(runs))
  const rows = names.map(name => ({
    name,
    differs: differing.has(name),
    values: runs.map(({ fields }) => text(fields.config?.[name])),
  }))
  return table('Configuration', runs, rows)
}

/** What ran where, with which versions. */
export function environment(runs: readonly Run[]): Html {
  const of = (value: (run: Run) => unknown) => runs.map(run => text(value(run) ?? '-'))
  const versions = [...new Set(runs.flatMap(({ fields }) => Object.keys(fields.versions ?? {})))]
  const rows = [
    { name: 'folder', values: of(run => run.folder) },
    { name: 'hosts', values: of(({ fields }) => fields.hosts) },
    ...['engine', 'device', 'transport', 'allreduce', 'reduction', 'shards', 'paramsHash'].map(name => ({
      name,
      values: of(({ fields }) => fields[name]),
    })),
    ...versions.map(name => ({
      name: `${name} version`,
      values: of(({ fields }) => fields.versions?.[name]),
    })),
  ]
  return table(
    'Environment',
    runs,
    rows.map(row => ({ ...row, differs: false })),
  )
}

function table(
  title: string,
  runs: readonly Run[],
  rows: { name: string; differs: boolean; values: string[] }[],
): Html {
  const heads =
    runs.length > 1 &&
    html`<thead><tr><td></td>${runs.map(({ name }) => html`<th>${name}</th>`)}</tr></thead>`
  return html`<section><h2>${title}</h2><div class="scroll" tabindex="0" role="region" aria-label="${title}"><table>${heads}<tbody>${rows.map(
    ({ name, differs, values }) =>
      html`<tr${differs && html` class="differs"`}><th scope="row">${name}</th>${values.map(value => html`<td>${value}</td>`)}</tr>`,
  )}</tbody></table></div></section>`
}
