import type { Run } from './run.ts'

/** Runs that differ in their seed alone are one curve with a spread. */
export interface Group {
  name: string
  runs: Run[]
}

/** Numbers of a group at the updates that all of its runs have reached. */
export interface Curve {
  /** Environment steps, [n]. */
  x: number[]
  /** Mean over the runs that have a number there, [n]. */
  y: (number | null)[]
  /** Least and greatest; absent for a single run. */
  low?: (number | null)[]
  high?: (number | null)[]
}

/** In the order of the runs; a group of several seeds is named for its first run. */
export function groupRuns(runs: readonly Run[]): Group[] {
  const groups = new Map<string, Run[]>()
  for (const run of runs) {
    const key = likeness(run)
    groups.set(key, [...(groups.get(key) ?? []), run])
  }
  const named = [...groups.values()]
  return named.map(members => ({ name: nameOf(members, named), runs: members }))
}

/** What two runs share that differ in nothing but their seed. */
function likeness({ fields }: Run): string {
  const { np, config = {} } = fields
  const { seed: _, ...rest } = config
  return JSON.stringify([np, rest])
}

/** What tells this group from the others, as `np 2, learning-rate 0.001`; else the folder's name. */
function nameOf(members: Run[], all: Run[][]): string {
  const seeds = members.length > 1 ? ` (${members.length} seeds)` : ''
  const differing = differences(all.map(([first]) => first))
  if (all.length === 1 || differing.length === 0 || differing.length > 3) return `${members[0].name}${seeds}`
  return `${differing.map(name => `${name} ${text(setting(members[0], name))}`).join(', ')}${seeds}`
}

/** Names of the settings in which these runs differ, the seed aside. */
export function differences(runs: readonly Run[]): string[] {
  const names = new Set(['np', ...runs.flatMap(({ fields }) => Object.keys(fields.config ?? {}))])
  names.delete('seed')
  return [...names].filter(name => new Set(runs.map(run => text(setting(run, name)))).size > 1)
}

const setting = ({ fields }: Run, name: string): unknown =>
  name === 'np' ? fields.np : fields.config?.[name]

/** A setting as people write it. */
export function text(value: unknown): string {
  if (Array.isArray(value)) return value.map(text).join(',')
  if (value === null || value === undefined) return 'off'
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** A metric of a group; `of` gives a run's column, [updates]. */
export function curveOf({ runs }: Group, of: (run: Run) => readonly (number | null)[]): Curve {
  const length = Math.min(...runs.map(({ history }) => history.length))
  const x = runs[0].history
    .column('steps')
    .slice(0, length)
    .map(steps => steps ?? 0)
  const columns = runs.map(of)
  if (runs.length === 1) return { x, y: columns[0].slice() }
  const at = (i: number) => columns.map(column => column[i]).filter(value => value !== null)
  const fold = (how: (values: number[]) => number) => x.map((_, i) => (at(i).length > 0 ? how(at(i)) : null))
  return {
    x,
    y: fold(values => values.reduce((sum, value) => sum + value, 0) / values.length),
    low: fold(values => Math.min(...values)),
    high: fold(values => Math.max(...values)),
  }
}
