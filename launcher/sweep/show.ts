import { duration } from '../../src/base/format.ts'
import { type Row, table } from '../commands/bench/table.ts'
import type { Member, Outcome } from './member.ts'

/** A member with what became of it; null: it has not run. */
export interface Result {
  member: Member
  outcome: Outcome | null
}

/** Runs that differ in their seed alone. */
interface Cell {
  options: Record<string, string>
  results: Result[]
}

function cellsOf(results: readonly Result[]): Cell[] {
  const cells = new Map<string, Cell>()
  for (const result of results) {
    const { seed: _, ...options } = result.member.varied
    const key = JSON.stringify(options)
    const cell = cells.get(key) ?? { options, results: [] }
    cell.results.push(result)
    cells.set(key, cell)
  }
  return [...cells.values()]
}

/** Mean and standard deviation (n - 1) of the closing evaluations; null of none, of one without a spread. */
function returnsOf({ results }: Cell): { runs: number; mean: number | null; deviation: number | null } {
  const returns = results.flatMap(({ outcome }) => outcome?.meanReturn ?? [])
  const n = returns.length
  if (n === 0) return { runs: 0, mean: null, deviation: null }
  const mean = returns.reduce((sum, value) => sum + value, 0) / n
  const squares = returns.reduce((sum, value) => sum + (value - mean) * (value - mean), 0)
  return { runs: n, mean, deviation: n > 1 ? Math.sqrt(squares / (n - 1)) : null }
}

/** A row for each combination of options, the best marked. */
export function sweepTable(results: readonly Result[]): string {
  const cells = cellsOf(results).map(cell => ({ ...cell, ...returnsOf(cell) }))
  const best = Math.max(...cells.flatMap(({ mean }) => mean ?? []))
  const rows = cells.map(({ options, runs, mean, deviation, results }): Row => {
    const of = (name: 'sps' | 'wallSeconds') =>
      meanOf(results.flatMap(({ outcome }) => outcome?.[name] ?? []))
    const seconds = of('wallSeconds')
    const lost = results.filter(({ outcome }) => outcome?.exitStatus !== 0).length
    return {
      ...options,
      runs,
      return: mean?.toFixed(1) ?? '-',
      '+-': deviation?.toFixed(1) ?? '-',
      'steps/s': Math.round(of('sps') ?? 0),
      time: seconds === null ? '-' : duration(seconds),
      best: mean !== null && mean === best && cells.length > 1,
      ...(lost > 0 ? { 'not completed': lost } : {}),
    }
  })
  return table(rows)
}

const meanOf = (values: number[]): number | null =>
  values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length

/** What `--json` prints. */
export function sweepJson(folder: string, report: string | null, results: readonly Result[]): object {
  return {
    folder,
    report,
    combinations: cellsOf(results).map(cell => {
      const { runs, mean, deviation } = returnsOf(cell)
      return { options: cell.options, runs, meanReturn: mean, stdReturn: deviation }
    }),
    members: results.map(({ member: { name, varied, folder }, outcome }) => ({
      name,
      options: varied,
      folder,
      ...(outcome ?? { status: 'not started' }),
    })),
  }
}

/** A member's end in a line. */
export function memberLine({ name }: Member, outcome: Outcome, done: number, of: number): string {
  const { meanReturn, wallSeconds, problem } = outcome
  const how = problem ?? `return ${meanReturn?.toFixed(1) ?? '-'} in ${duration(wallSeconds ?? 0)}`
  return `[${done}/${of}] ${name}: ${how}`
}
