import type { Chart } from './charts.ts'
import type { Group } from './groups.ts'
import type { Run } from './run.ts'

/** Plots of ways of using N ranks that others do not have; what they draw is not drawn column by column. */

const STALENESS = /^staleness\/of_(\d+)$/

export const isDrawnByWay = (metric: string): boolean => STALENESS.test(metric)

export function chartsOfWays(groups: readonly Group[]): Chart[] {
  const series = groups.flatMap(({ name, runs }, color) => {
    const { x, y } = stalenessOf(runs[0])
    return x.length === 0 ? [] : [{ name, color, x, y, mark: 'points' as const }]
  })
  if (series.length === 0) return []
  const x = { label: 'updates since the policy that sampled' }
  const plot = { title: 'Staleness, shards learnt from', x, y: { label: '', from: 0 }, series }
  return [{ id: 'staleness', plot, overGroups: true }]
}

/** Shards of the whole run by how old they were, counted in updates. */
function stalenessOf({ history }: Run): { x: number[]; y: number[] } {
  const counts = history.names.flatMap(name => {
    const [, updates] = STALENESS.exec(name) ?? []
    const shards = history.column(name).reduce<number>((sum, value) => sum + (value ?? 0), 0)
    return updates === undefined ? [] : [{ updates: Number(updates), shards }]
  })
  counts.sort((a, b) => a.updates - b.updates)
  return { x: counts.map(({ updates }) => updates), y: counts.map(({ shards }) => shards) }
}
