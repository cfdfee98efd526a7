import type { Chart } from './charts.ts'
import type { Group } from './groups.ts'
import type { Run } from './run.ts'
import type { Axis, Plot, Series } from './svg.ts'
import { thin } from './thin.ts'

/** Plots of ways of using N ranks that others do not have; what they draw is not drawn column by column. */

/** More than any plot shows. */
const BUCKETS = 640

const STALENESS = /^staleness\/of_(\d+)$/
const MEMBER = /^member\/(\d+)\//

export const isDrawnByWay = (metric: string): boolean => STALENESS.test(metric) || MEMBER.test(metric)

export function chartsOfWays(groups: readonly Group[]): Chart[] {
  return [...stalenessChart(groups), ...groups.flatMap(({ runs }) => memberCharts(runs[0]))]
}

function stalenessChart(groups: readonly Group[]): Chart[] {
  const series = groups.flatMap(({ name, runs }, color) => {
    const { x, y } = stalenessOf(runs[0])
    return x.length === 0 ? [] : [{ name, color, x, y, mark: 'points' as const }]
  })
  if (series.length === 0) return []
  const x = { label: 'versions of the policy since: updates; of server --async, steps' }
  const plot = {
    title: 'Staleness of the shards or gradients learnt from',
    x,
    y: { label: '', from: 0 },
    series,
  }
  return [{ id: 'staleness', plot, overGroups: true }]
}

/** Shards, or gradients, of the whole run by how old they were, in the policy's versions. */
function stalenessOf({ history }: Run): { x: number[]; y: number[] } {
  const counts = history.names.flatMap(name => {
    const [, updates] = STALENESS.exec(name) ?? []
    const shards = history.column(name).reduce<number>((sum, value) => sum + (value ?? 0), 0)
    return updates === undefined ? [] : [{ updates: Number(updates), shards }]
  })
  counts.sort((a, b) => a.updates - b.updates)
  return { x: counts.map(({ updates }) => updates), y: counts.map(({ shards }) => shards) }
}

/** Of a population's run: what each member came to and learnt with, and whom it descends from. */
function memberCharts({ name, history }: Run): Chart[] {
  const members = new Set(history.names.flatMap(metric => MEMBER.exec(metric)?.[1] ?? [])).size
  if (members === 0) return []
  const x = history.column('steps').map(value => value ?? 0)
  const each = (of: (member: number) => readonly (number | null)[]): Series[] =>
    Array.from({ length: members }, (_, member) => {
      const y = of(member)
      const at = thin(y.slice(), BUCKETS)
      return { name: `member ${member}`, color: member, x: at.map(i => x[i]), y: at.map(i => y[i]) }
    })
  const metric = (column: string) => each(member => history.column(`member/${member}/${column}`))
  const plot = (title: string, series: Series[], y: Partial<Axis> = {}): Plot => ({
    title: `${title}: ${name}`,
    x: { label: 'environment steps' },
    y: { label: '', ...y },
    series,
  })
  const lines = each(member => x.map(() => member))
  const charts: [string, Plot][] = [
    ['returns', plot('Return of each member', metric('return'))],
    ['rates', plot('Learning rate of each member', metric('learning_rate'), { scale: 'log' })],
    ['lineage', plot('Lineage: who went on from whom', [...lines, births(history, x, members)])],
  ]
  return charts.map(([id, plot]) => ({ id: `${id}-${name}`, plot, overGroups: false }))
}

/** A stroke from each parent to its copy, with gaps between. */
function births(history: Run['history'], x: readonly number[], members: number): Series {
  const [at, y]: [number[], (number | null)[]] = [[], []]
  for (let member = 0; member < members; member++)
    for (const [i, parent] of history.column(`member/${member}/parent`).entries()) {
      if (parent === null || parent === member) continue
      at.push(x[i], x[i], x[i])
      y.push(parent, member, null)
    }
  return { name: 'copies', color: 7, x: at, y, mark: 'dashed' }
}
