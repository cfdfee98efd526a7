import { hostname } from 'node:os'
import { join } from 'node:path'
import { rankSettings } from './base/contract.ts'
import { type Control, control, type RankOrder } from './base/control.ts'
import type { RunState } from './base/dashboard.ts'
import { UsageError } from './base/errors.ts'
import { RunFile } from './base/runfile.ts'
import { claimFolder } from './base/runfolder.ts'
import { StatusConsole } from './base/status.ts'
import type { Checkpoint } from './checkpoint/checkpoint.ts'
import { CheckpointWriter } from './checkpoint/writer.ts'
import { progress } from './connect.ts'
import type { TrainResult } from './describe.ts'
import { LivePolicy } from './live.ts'
import { jsonlLogger, keepUpdates } from './log/jsonl.ts'
import { type FileLogger, type Logger, loggers, silentLogger } from './log/logger.ts'
import { progressLogger } from './log/progress.ts'
import { tensorboardLogger } from './log/tensorboard.ts'
import { reportOnRun } from './web/report.ts'

/** Where a run's results go. Rank 0 has a real one; the others' is silent, so that nobody asks who reports. */
export interface Reporter {
  readonly folder: string
  /** Each update's metrics: metrics.jsonl, TensorBoard and the progress line. @param since where a run goes on from */
  log(totalSteps: number, since: Since | null): Logger
  /** Adds fields to run.json. */
  fields(fields: object): void
  /** Writes a checkpoint while training goes on; keeps that many. */
  save(make: () => Checkpoint, keep: number): Promise<void>
  /** Writes one that comes in blocks. */
  draft: CheckpointWriter['draft']
  /** After each update: leaves the policy for who watches the run, if anybody does. */
  live(make: () => Checkpoint): Logger
  /** Training has gone on after that update, when ranks had been lost or had joined; so long after it the next was complete. */
  recovered(update: number, seconds: number): void
  /** Waits until all is written, and nothing comes after it but fields and lines; false: the last checkpoint could not be. */
  close(): Promise<boolean>
  /** Lines for the person who watches; the progress line ends. */
  say(...lines: string[]): void
  /** What the person should know and did not ask for: on stderr. */
  warn(text: string): void
}

/** What a run that goes on has behind it. */
export interface Since {
  /** Folder of the run up to there. */
  source: string
  update: number
  steps: number
}

/** What a reporter writes to: the launcher, which owns run.json and the terminal, or both directly in a job of one. */
interface Sink {
  folder: string
  fields(fields: object): void
  /** The state of the run, which lives on the console; null lets it stand. */
  status(state: RunState | null): void
  recovered(update: number, seconds: number): void
}

type Claimed = Extract<RankOrder, { type: 'claimed'; refused?: undefined }>

const METRICS = 'metrics.jsonl'

/** Runs that this process has begun: a script's second one goes to `DIR-2`. */
let begun = 0
let ownFolder: string | undefined

/** The number of this process's next run. */
export const newRun = (): number => begun++

/**
 * Claims the folder of a run, or one to go on in; throws UsageError if it cannot be used. Asked again, it is the same.
 */
export async function openReporter(index: number, rank: number, resume: string | null): Promise<Reporter> {
  const pipe = control()
  const sink = pipe ? await launcherSink(pipe, index, resume) : ownSink(index, resume)
  return rank === 0 ? reporterTo(sink) : silentReporter(sink.folder)
}

export function silentReporter(folder: string): Reporter {
  const nothing = () => {}
  const silent = () => silentLogger
  return {
    ...{
      folder,
      log: silent,
      live: silent,
      fields: nothing,
      recovered: nothing,
      say: nothing,
      warn: nothing,
    },
    save: async () => {},
    draft: async () => ({ write: async () => {}, seal: async () => {} }),
    close: async () => true,
  }
}

function reporterTo({ folder, fields, status, recovered }: Sink): Reporter {
  const say = (...lines: string[]) => {
    status(null)
    for (const line of lines) console.log(line)
  }
  const warn = (text: string) => {
    status(null)
    console.error(`pporun: warning: ${text}`)
  }
  const writer = new CheckpointWriter(folder, warn)
  let live: LivePolicy | undefined
  const files: FileLogger[] = []
  return {
    folder,
    log: (totalSteps, since) => {
      const path = join(folder, METRICS)
      keepUpdates(join(since?.source ?? folder, METRICS), path, since?.update ?? 0)
      for (const file of files.splice(0)) file.close()
      files.push(jsonlLogger(path), tensorboardLogger(folder, since?.steps ?? null))
      return loggers(...files, progressLogger(totalSteps, status))
    },
    fields,
    recovered,
    save: (make, keep) => writer.save(make(), keep),
    draft: (...of) => writer.draft(...of),
    live: make => {
      live = new LivePolicy(folder, make)
      return live
    },
    close: async () => {
      for (const file of files.splice(0)) file.close()
      const isGood = await writer.close()
      await live?.close()
      return isGood
    },
    ...{ say, warn },
  }
}

/**
 * What a run came to that the others had completed before this rank took the place of a lost one: a script may train more
 * than once. Null: none, or the others are in it.
 */
export async function missedRun(index: number, resume: string | null): Promise<TrainResult | null> {
  const pipe = control()
  if (!pipe || !rankSettings()?.joins) return null
  const { folder, result } = await claim(pipe, index, resume)
  return result && { folder, ...(result as Omit<TrainResult, 'folder'>) }
}

async function claim(pipe: Control, index: number, resume: string | null): Promise<Claimed> {
  await pipe.send({ type: 'claim', index, resume })
  const answer = await pipe.receive('claimed', claimed => claimed.index === index)
  if (answer.refused !== undefined) throw new UsageError(answer.refused)
  return answer
}

async function launcherSink(pipe: Control, index: number, resume: string | null): Promise<Sink> {
  const { folder } = await claim(pipe, index, resume)
  return {
    folder,
    fields: fields => void pipe.send({ type: 'run', folder, fields }),
    status: state => void pipe.send({ type: 'status', state }),
    recovered: (update, seconds) => void pipe.send({ type: 'recovered', update, seconds }),
  }
}

function ownSink(index: number, resume: string | null): Sink {
  const script = process.argv[1] ?? 'run'
  const { folder, isOld } = claimFolder(ownFolder, index, script, resume)
  ownFolder ??= folder
  const file = new RunFile(folder, 1, isOld)
  const console = new StatusConsole()
  return {
    folder,
    fields: fields => {
      const ended = 'status' in fields
      if ('engineChoice' in fields && fields.engineChoice)
        console.line(`pporun: engine ${fields.engineChoice}`)
      const ranks = [{ rank: 0, host: hostname(), device: file.fields.device ?? null, ...progress().times }]
      file.add(ended ? { ...fields, ranks } : fields)
      const problem = ended ? reportOnRun(folder) : null
      if (problem !== null) console.line(`pporun: ${problem}`)
    },
    status: state => (state === null ? console.end() : console.status(state)),
    recovered: () => {}, // nobody can be lost but this very process
  }
}
