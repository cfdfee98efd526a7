import { Status } from '../../src/base/contract.ts'
import { UsageError } from '../../src/base/errors.ts'
import { nearest } from '../../src/base/nearest.ts'
import { flag, mpiStyle, type Option, parse } from '../args.ts'
import { type Row, table } from './bench/table.ts'

/** Something that can be measured: one file in bench/ each. */
export interface Subject {
  describe: string
  /** Beside `--json`, which all have. */
  options: Record<string, Option>
  /** Measures, telling stderr how far it is. @param given the options as parsed. */
  measure(given: Record<string, unknown>): Promise<Row[]>
}

export const subjects: Record<string, () => Promise<Subject>> = {
  allreduce: async () => (await import('./bench/allreduce.ts')).allreduce,
  env: async () => (await import('./bench/env.ts')).env,
  ppo: async () => (await import('./bench/ppo.ts')).ppo,
  engine: async () => (await import('./bench/engine.ts')).engine,
}

export const json: Option = { type: 'boolean', describe: 'print one JSON array and nothing else' }

/** `pporun bench SUBJECT`: measures on this machine and prints a table. Returns the exit status. */
export async function bench(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv
  const { options, measure } = await subjectOf(name)()
  const all = { ...options, json }
  const given = parse(mpiStyle(rest, all), all, false)
  const [stray] = given._ as string[]
  if (stray !== undefined) throw new UsageError(`unexpected '${stray}'; pporun bench takes one subject`)
  const rows = await measure(given)
  process.stdout.write(flag(given.json) ? `${JSON.stringify(rows)}\n` : table(rows))
  return Status.success
}

function subjectOf(name: string | undefined): () => Promise<Subject> {
  const names = Object.keys(subjects)
  if (name !== undefined && Object.hasOwn(subjects, name)) return subjects[name]
  if (name === undefined || name.startsWith('-'))
    throw new UsageError(`bench what? pporun bench ${names.join('|')}`)
  const close = nearest(name, names)
  throw new UsageError(
    `nothing to measure called '${name}'; ${close ? `did you mean ${close}?` : names.join(', ')}`,
  )
}
