import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { UsageError } from '../base/errors.ts'
import type { RankTimes } from '../base/progress.ts'
import { isRunning, type Launcher, type Recovery } from '../base/runfile.ts'
import { History } from './history.ts'

/** What run.json says, as far as the pages know it; more is shown as it stands. */
export interface RunFields {
  status: string
  np: number
  hosts?: string[]
  launcher?: Launcher
  wallSeconds?: number
  seed?: number
  config?: Record<string, unknown>
  versions?: Record<string, string>
  engine?: string
  device?: string
  transport?: string
  allreduce?: string
  globalSteps?: number
  updates?: number
  sps?: number
  paramsHash?: string
  episodes?: number
  meanReturn100?: number | null
  evaluation?: { episodes: number; meanReturn: number; stdReturn: number } | null
  /** Of a federation: the policy in each client's environment. */
  clients?: { env: string; meanReturn: number }[]
  cause?: { rank: number | null; host: string; what: string; exitStatus: number; after: number }
  recoveries?: Recovery[]
  ranks?: RankTimes[]
  [field: string]: unknown
}

/** A run as its folder shows it now. */
export interface Run {
  folder: string
  name: string
  fields: RunFields
  history: History
}

/** The runs that these paths name: a run's folder, or a folder that holds some. Throws UsageError. */
export function loadRuns(paths: readonly string[]): Run[] {
  const folders = paths.flatMap(runFolders)
  return folders.map(folder => {
    const history = new History(join(folder, 'metrics.jsonl'))
    history.read()
    return { folder, name: basename(folder), fields: readFields(folder), history }
  })
}

function runFolders(path: string): string[] {
  const folder = resolve(path)
  if (isRun(folder)) return [folder]
  if (!existsSync(folder)) throw new UsageError(`${path}: does not exist; name the folder of a run`)
  const inside = statSync(folder).isDirectory()
    ? readdirSync(folder)
        .sort()
        .map(name => join(folder, name))
    : []
  const runs = inside.filter(isRun)
  if (runs.length === 0) throw new UsageError(`${path}: is no run's folder (it holds no run.json)`)
  return runs
}

const isRun = (folder: string): boolean => existsSync(join(folder, 'run.json'))

/** run.json; a run whose launcher has died without a word is `lost`. Throws UsageError. */
export function readFields(folder: string): RunFields {
  let fields: RunFields
  try {
    fields = JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')) as RunFields
  } catch {
    throw new UsageError(`${folder}: its run.json cannot be read`)
  }
  const lost = fields.status === 'running' && fields.launcher !== undefined && !isRunning(fields.launcher)
  return lost ? { ...fields, status: 'lost' } : fields
}
