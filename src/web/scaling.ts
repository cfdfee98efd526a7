import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { median } from '../base/math/median.ts'
import { writeAtomically } from '../base/runfolder.ts'
import type { ScalingRow, Trial } from '../scaling/experiment.ts'
import { curveOf, groupRuns } from './groups.ts'
import { html, trusted } from './html.ts'
import { charts, details, document, footer } from './page.ts'
import { clientScript, hashOf } from './report.ts'
import { loadRuns, type Run } from './run.ts'
import { type Plot, plotSvg, type Series, standaloneSvg } from './svg.ts'

/** What a run of a scaling experiment came to. */
export function trialOf(
  folder: string,
  place: Pick<Trial, 'np' | 'round' | 'allreduce' | 'load' | 'oversubscribed'>,
): Trial {
  const [{ fields, history }] = loadRuns([folder])
  const { sps, updates, ranks = [], paramsHash, evaluation, config } = fields
  if (sps === undefined || !updates || paramsHash === undefined)
    throw new Error(`${folder}: its run.json says no sps, updates or paramsHash`)
  const rows = Number(config?.numEnvs) * Number(config?.numSteps)
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const perUpdate = (seconds: number[]) => (1000 * mean(seconds)) / updates
  const work = ranks.map(({ sample, learn }) => sample + learn)
  const waits = history.column('time/allreduce').map(value => value ?? 0)
  return {
    ...{ ...place, folder, sps, paramsHash, meanReturn: evaluation?.meanReturn ?? null },
    update: (1000 * rows) / sps,
    sample: perUpdate(ranks.map(({ sample }) => sample)),
    learn: perUpdate(ranks.map(({ learn }) => learn)),
    communication: 1000 * mean(waits),
    spread: Math.max(...work) / median(work),
  }
}

/** The pictures of an experiment, by the names of their files. */
export function scalingPlots(rows: readonly ScalingRow[], runs: readonly Run[]): Record<string, Plot> {
  const x = { label: 'ranks', from: 0, ticks: [...new Set(rows.map(({ np }) => np))] }
  const algorithms = [...new Set(rows.map(({ allreduce }) => allreduce))]
  const over = (pick: (row: ScalingRow) => number): Series[] =>
    algorithms.map((name, color) => {
      const own = rows.filter(({ allreduce }) => allreduce === name)
      return { name, color, x: own.map(({ np }) => np), y: own.map(pick), mark: 'points' }
    })
  const np = rows.map(row => row.np)
  const ideal = (y: number[]): Series => ({ name: 'ideal', x: np, y, mark: 'dashed', color: 7 })
  return {
    speedup: {
      title: 'Speed-up',
      x,
      y: { label: '', from: 0 },
      series: [...over(row => row.speedup), ideal(np)],
    },
    efficiency: {
      ...{ title: 'Efficiency', x, y: { label: '', from: 0, to: 1 } },
      series: [...over(row => row.efficiency), ideal(np.map(() => 1))],
    },
    phases: {
      title: 'Time per update, ms',
      x,
      y: { label: '', from: 0 },
      series: phases(rows, algorithms[0]),
    },
    communication: {
      ...{ title: 'Communication and waiting, % of the time', x, y: { label: '', from: 0 } },
      series: over(row => 100 * row.communicationShare),
    },
    spread: {
      ...{ title: 'Slowest rank by the median one, work', x, y: { label: '', from: 1 } },
      series: over(row => row.spread),
    },
    learning: {
      ...{
        title: 'Return, mean of the last 100 episodes',
        x: { label: 'environment steps' },
        y: { label: '' },
      },
      series: learning(runs),
    },
  }
}

/** Sampling, learning and communication on top of each other. */
function phases(rows: readonly ScalingRow[], algorithm: string): Series[] {
  const own = rows.filter(({ allreduce }) => allreduce === algorithm)
  const x = own.map(({ np }) => np)
  const layers: [string, (row: ScalingRow) => number][] = [
    ['sampling', row => row.sampleMs],
    ['learning', row => row.learnMs],
    ['communication and waiting', row => row.communicationMs],
  ]
  let below = own.map(() => 0)
  return layers.map(([name, pick]) => {
    const low = below
    below = own.map((row, i) => low[i] + pick(row))
    return { name, x, y: below, low, mark: 'area' }
  })
}

/** One curve for each number of ranks; in strong scaling they lie on each other. */
function learning(runs: readonly Run[]): Series[] {
  return groupRuns(runs).map(group => {
    const { x, y } = curveOf(group, ({ history }) => history.column('charts/episodic_return'))
    const known = [...y.keys()].filter(i => y[i] !== null)
    return { name: `np ${group.runs[0].fields.np}`, x: known.map(i => x[i]), y: known.map(i => y[i]) }
  })
}

/** Writes the pictures and the page of an experiment into its folder. @param table in plain text. */
export function writeScaling(
  folder: string,
  title: string,
  table: string,
  rows: readonly ScalingRow[],
  trials: readonly Trial[],
): void {
  mkdirSync(folder, { recursive: true })
  const runs = loadRuns(trials.filter(({ round }) => round === 0).map(trial => trial.folder))
  const plots = scalingPlots(rows, runs)
  for (const [name, plot] of Object.entries(plots))
    writeFileSync(join(folder, `${name}.svg`), standaloneSvg(plot))
  const scripts = [clientScript('hover')]
  const { learning: _, ...figures } = plots
  writeAtomically(
    join(folder, 'report.html'),
    document({
      title: `${title}: scaling`,
      policy: `default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src ${scripts.map(hashOf).join(' ')}`,
      body: html`<header><h1>${title}</h1></header><main><h2>Scaling</h2><div class="scroll" tabindex="0" role="region" aria-label="Scaling"><pre>${table}</pre></div>
<div class="charts">${Object.values(figures).map(plot => html`<figure>${trusted(plotSvg(plot))}</figure>`)}</div>
<h2>Curves</h2>${charts(runs)}${details(runs)}</main>${footer()}`,
      scripts,
    }),
  )
}
