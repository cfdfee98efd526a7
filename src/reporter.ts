import { join } from 'node:path'
import { rankSettings } from './base/contract.ts'
import { control } from './base/control.ts'
import { UsageError } from './base/errors.ts'
import { checkFolder, defaultFolder, makeFolder, nthFolder, writeRunFile } from './base/runfolder.ts'
import { StatusLine } from './base/terminal.ts'
import { jsonlLogger } from './log/jsonl.ts'
import { type Logger, loggers, silentLogger } from './log/logger.ts'
import { progressLogger } from './log/progress.ts'

/**
 * Where a run's results go. Under the launcher it owns folder, run.json and terminal, and ranks send it what
 * they have; a job of one does it all itself.
 */
export interface Reporter {
  readonly folder: string
  /** Adds fields to run.json. */
  fields(fields: object): void
  /** The state of the run, as one living line. */
  status(text: string): void
  /** Ends the living line, before other output. */
  end(): void
}

/** Runs that this process has begun: a script's second one goes to `DIR-2`. */
let begun = 0

/** Claims the folder of this process's next run; throws UsageError if it cannot be used. */
export async function openReporter(): Promise<Reporter> {
  const index = begun++
  const pipe = control()
  if (!pipe || !rankSettings()) return ownReporter(index)
  await pipe.send({ type: 'claim', index })
  const answer = await pipe.receive('claimed', claimed => claimed.index === index)
  if (answer.refused !== undefined) throw new UsageError(answer.refused)
  const { folder } = answer
  return {
    folder,
    fields: fields => void pipe.send({ type: 'run', folder, fields }),
    status: text => void pipe.send({ type: 'status', text }),
    end: () => {},
  }
}

function ownReporter(index: number): Reporter {
  const folder = nthFolder(defaultFolder(process.argv[1] ?? 'run'), index)
  checkFolder(folder)
  makeFolder(folder)
  const line = new StatusLine(process.stderr)
  const all: object = { status: 'running' }
  return {
    folder,
    fields: fields => writeRunFile(folder, Object.assign(all, fields)),
    status: text => line.update(text),
    end: () => line.end(),
  }
}

/** metrics.jsonl and the progress line on rank 0; nothing on the others. */
export function reportingLogger(rank: number, reporter: Reporter, totalSteps: number): Logger {
  if (rank !== 0) return silentLogger
  const metrics = jsonlLogger(join(reporter.folder, 'metrics.jsonl'))
  return loggers(
    metrics,
    progressLogger(totalSteps, text => reporter.status(text)),
  )
}
