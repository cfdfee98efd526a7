import { type Curve, curveOf, type Group } from './groups.ts'
import type { Run } from './run.ts'
import type { Axis, Plot, Series } from './svg.ts'
import { thin } from './thin.ts'
import { chartsOfWays, isDrawnByWay } from './ways.ts'

/** Which plots a page shows, and what is in them. */
export interface Chart {
  id: string
  plot: Plot
  /** The learning curve: as wide as the page. */
  wide?: true
  /** One of those that nobody looks for first: under the metric's own name, folded away. */
  extra?: true
  /** Its colours stand for groups of runs, not for parts of one. */
  overGroups: boolean
}

interface Kind {
  metric: string
  title: string
  y?: Partial<Axis>
}

const kinds: readonly Kind[] = [
  { metric: 'charts/episodic_length', title: 'Episode length, steps', y: { from: 0 } },
  { metric: 'losses/policy_loss', title: 'Policy loss' },
  { metric: 'losses/value_loss', title: 'Value loss' },
  { metric: 'losses/entropy', title: 'Entropy of the policy, nats' },
  { metric: 'losses/approx_kl', title: 'KL divergence per update (k3)', y: { from: 0 } },
  { metric: 'losses/clipfrac', title: 'Clipped fraction of the rows', y: { from: 0 } },
  { metric: 'losses/explained_variance', title: 'Explained variance of the returns', y: { to: 1 } },
  { metric: 'charts/learning_rate', title: 'Learning rate', y: { from: 0 } },
  { metric: 'charts/SPS', title: 'Speed, environment steps per second', y: { from: 0 } },
]

const RETURN = 'charts/episodic_return'
const steps: Axis = { label: 'environment steps' }

/** All charts of these groups; whatever else their metrics hold comes last, under its own name, unless it is always 0. */
export function chartsOf(groups: readonly Group[]): Chart[] {
  const shown = new Set([
    RETURN,
    ...kinds.map(({ metric }) => metric),
    'time/sample',
    'time/learn',
    'time/allreduce',
  ])
  const names = new Set(groups.flatMap(({ runs }) => runs.flatMap(({ history }) => history.names)))
  const isUsed = (name: string) =>
    groups.some(({ runs }) => runs.some(({ history }) => history.column(name).some(value => value !== 0)))
  const others = [...names].filter(
    name => name.includes('/') && !shown.has(name) && !isDrawnByWay(name) && isUsed(name),
  )
  return [
    { ...chart({ metric: RETURN, title: 'Return, mean of the last 100 episodes' }, groups), wide: true },
    ...kinds.map(kind => chart(kind, groups)),
    ...groups.filter(hasTimes).map((group, i) => timeChart(group, i, groups.length)),
    communicationChart(groups),
    ...chartsOfWays(groups),
    ...others.map((metric): Chart => ({ ...chart({ metric, title: metric }, groups), extra: true })),
  ]
}

function chart({ metric, title, y = {} }: Kind, groups: readonly Group[]): Chart {
  const series = groups.map(
    (group, color): Series => ({
      name: group.name,
      color,
      ...known(curveOf(group, ({ history }) => history.column(metric))),
    }),
  )
  if (metric === 'losses/approx_kl') series.push(...targetKl(groups))
  return {
    id: metric.replaceAll('/', '-'),
    plot: { title, x: steps, y: { label: '', ...y }, series },
    overGroups: true,
  }
}

/** More than any plot shows: what follows costs the same for a long run as for a short one. */
const BUCKETS = 640

/** Without the updates that have no number, such as those in which no episode ended, and thinned. */
function known({ x, y, low, high }: Curve): Curve {
  const numbers = [...y.keys()].filter(i => y[i] !== null)
  const at = thin(
    numbers.map(i => y[i]),
    BUCKETS,
  ).map(i => numbers[i])
  const pick = <T>(values: readonly T[]) => at.map(i => values[i])
  return { x: pick(x), y: pick(y), ...(low && high && { low: pick(low), high: pick(high) }) }
}

/** Where an update ends early, if all groups agree on it. */
function targetKl(groups: readonly Group[]): Series[] {
  const targets = new Set(groups.map(({ runs }) => runs[0].fields.config?.targetKl))
  const [target] = targets
  const x = groups.flatMap(({ runs }) => runs[0].history.column('steps').filter(value => value !== null))
  if (targets.size !== 1 || typeof target !== 'number' || x.length === 0) return []
  const limit = 1.5 * target
  return [{ name: 'limit', x: [x[0], x.at(-1)!], y: [limit, limit], mark: 'dashed', color: 7 }]
}

const hasTimes = ({ runs }: Group): boolean => runs[0].history.last('time/sample') !== null

/** Seconds per update of one group's first run, its parts on top of each other. */
function timeChart({ name, runs }: Group, index: number, groups: number): Chart {
  const [{ history }] = runs
  const of = (metric: string) => history.column(`time/${metric}`).map(value => (value ?? 0) * 1000)
  const [sample, learn, wait] = ['sample', 'learn', 'allreduce'].map(of)
  const work = learn.map((value, i) => Math.max(0, value - wait[i]))
  const zero = sample.map(() => 0)
  const layers: [string, number[]][] = [
    ['sampling', sample],
    ['learning', work],
    ['communication and waiting', wait],
  ]
  let below = zero
  const series = layers.map(([layer, values]): Series => {
    const low = below
    below = values.map((value, i) => low[i] + value)
    return { name: layer, x: history.column('steps').map(value => value ?? 0), y: below, low, mark: 'area' }
  })
  const title = `Time per update, ms${groups > 1 ? `: ${name}` : ''}`
  return {
    id: `time-${index}`,
    plot: { title, x: steps, y: { label: '', from: 0 }, series },
    overGroups: false,
  }
}

function communicationChart(groups: readonly Group[]): Chart {
  const series = groups.map(
    (group, color): Series => ({ name: group.name, color, ...known(curveOf(group, communication)) }),
  )
  const plot: Plot = {
    title: 'Communication and waiting, % of the time',
    x: steps,
    y: { label: '', from: 0 },
    series,
  }
  return { id: 'communication', plot, overGroups: true }
}

/** Percent of each update's time, [updates]. */
function communication({ history }: Run): Curve['y'] {
  const [sample, learn, wait] = ['sample', 'learn', 'allreduce'].map(name => history.column(`time/${name}`))
  return wait.map((value, i) => {
    const all = (sample[i] ?? 0) + (learn[i] ?? 0)
    return value === null || all === 0 ? null : (100 * value) / all
  })
}

/** The same over the whole run; null where nothing was timed. */
export function communicationShare({ history }: Run): number | null {
  const sum = (name: string) =>
    history.column(`time/${name}`).reduce<number>((total, value) => total + (value ?? 0), 0)
  const all = sum('sample') + sum('learn')
  return all > 0 ? sum('allreduce') / all : null
}
